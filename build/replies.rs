//! Rewrites the generated types of replies: each is read by the crate's own macro, from an object alone, where a derived reader takes a list too, and is larger for it.

use syn::{Expr, ExprLit, Field, File, Item, ItemMod, ItemStruct, Lit, Meta, MetaNameValue, Path, Token, Type, parse_quote, punctuated::Punctuated};

use crate::paths::REPLY;

const UNKNOWN: &str = "an attribute that the generator did not write when this was written";

/// Puts the macro's calls in the place of the derived readers of these types.
///
/// # Errors
///
/// A type that is not as the generator wrote it when this was written.
pub(crate) fn rewrite(file: &mut File, names: &[String]) -> Result<(), String> {
    let types = file.items.iter_mut().find_map(|item| match item {
        Item::Mod(ItemMod { ident, content: Some((_, items)), .. }) if ident == "types" => Some(items),
        _ => None,
    });
    let types = types.ok_or("there is no module of types")?;
    let mut calls = Vec::new();
    for item in types.iter_mut() {
        if let Item::Struct(reply) = item
            && names.iter().any(|name| reply.ident == name)
            && reply.fields.iter().all(|field| field.ident.is_some())
        {
            let written = drop_derived_reader(reply).and_then(|()| call(reply));
            calls.push(written.map_err(|error| format!("{}: {error}", reply.ident))?);
        }
    }
    types.extend(calls);
    Ok(())
}

fn drop_derived_reader(reply: &mut ItemStruct) -> Result<(), syn::Error> {
    if let Some(attr) = reply.attrs.iter().find(|attr| attr.path().is_ident("serde")) {
        return Err(syn::Error::new_spanned(attr, UNKNOWN));
    }
    for derive in reply.attrs.iter_mut().filter(|attr| attr.path().is_ident("derive")) {
        let derived = derive.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)?;
        let others = derived.iter().filter(|path| path.segments.last().is_none_or(|last| last.ident != "Deserialize"));
        *derive = parse_quote!(#[derive(#(#others),*)]);
    }
    Ok(())
}

/// Writes the call: each field with its member, and whether the type means nothing without it; the field for all other members last.
fn call(reply: &ItemStruct) -> Result<Item, syn::Error> {
    let reader: Path = syn::parse_str(REPLY)?;
    let name = &reply.ident;
    let mut members: Vec<Expr> = Vec::new();
    let mut others = None;
    for field in &reply.fields {
        let Some(ident) = &field.ident else { continue };
        let Member { name, is_essential, is_for_others } = Member::of(field)?;
        if is_for_others {
            others = Some(ident);
            continue;
        }
        let name = name.unwrap_or_else(|| ident.to_string());
        members.push(if is_essential { parse_quote!(#ident = essential(#name)) } else { parse_quote!(#ident = optional(#name)) });
    }
    Ok(match others {
        Some(others) => parse_quote!(#reader! { #name { #(#members,)* } others in #others }),
        None => parse_quote!(#reader! { #name { #(#members,)* } }),
    })
}

/// What serde's attributes say of a field.
struct Member {
    name: Option<String>,
    is_essential: bool,
    is_for_others: bool,
}

impl Member {
    fn of(field: &Field) -> Result<Self, syn::Error> {
        let mut member = Self { name: None, is_essential: !is_option(&field.ty), is_for_others: false };
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            for meta in attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
                member.heed(&meta)?;
            }
        }
        Ok(member)
    }

    fn heed(&mut self, meta: &Meta) -> Result<(), syn::Error> {
        match meta {
            Meta::NameValue(MetaNameValue { path, value: Expr::Lit(ExprLit { lit: Lit::Str(name), .. }), .. }) if path.is_ident("rename") => {
                self.name = Some(name.value());
            }
            Meta::Path(path) if path.is_ident("default") => self.is_essential = false,
            Meta::Path(path) if path.is_ident("flatten") => self.is_for_others = true,
            Meta::NameValue(written) if written.path.is_ident("skip_serializing_if") => {}
            other => return Err(syn::Error::new_spanned(other, UNKNOWN)),
        }
        Ok(())
    }
}

fn is_option(of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
