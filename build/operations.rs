//! Makes the generated operations cheaper: a header that no vendor knows is not made, and ids are not copied before they are encoded.

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::{Block, Expr, ExprMethodCall, File, ImplItem, Item, Local, Pat, Stmt};

/// The variable that the generator gathers headers in.
const HEADERS: &str = "header_map";

/// Rewrites every operation.
///
/// # Errors
///
/// An operation that is not as the generator wrote it when this was.
pub(crate) fn rewrite(file: &mut File) -> Result<(), String> {
    let items = file.items.iter_mut().filter_map(|item| if let Item::Impl(item) = item { Some(&mut item.items) } else { None });
    for function in items.flatten().filter_map(|item| if let ImplItem::Fn(function) = item { Some(function) } else { None }) {
        if function.sig.asyncness.is_some() {
            take_version_out(&mut function.block).ok_or_else(|| format!("{} is not generated as it was", function.sig.ident))?;
            function.block.stmts.iter_mut().for_each(borrow_ids);
        }
    }
    Ok(())
}

/// Takes out the header `api-version`, which the generator adds to every request.
fn take_version_out(block: &mut Block) -> Option<()> {
    let is_added = |stmt: &Stmt| matches!(stmt, Stmt::Expr(Expr::MethodCall(call), _) if is_headers(&call.receiver) && call.args.iter().any(names_the_version));
    let added = block.stmts.iter().position(is_added)?;
    block.stmts.remove(added);
    let has_others = block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Expr(Expr::MethodCall(call), _) if is_headers(&call.receiver)));
    if !has_others {
        let declared = block.stmts.iter().position(|stmt| matches!(stmt, Stmt::Local(local) if declares(local, HEADERS)))?;
        block.stmts.remove(declared);
        block.stmts.iter_mut().find_map(|stmt| match stmt {
            Stmt::Local(Local { init: Some(init), .. }) => take_call_out(&mut init.expr),
            _ => None,
        })?;
    }
    Some(())
}

/// Takes `.headers(header_map)` out of a chain of calls.
fn take_call_out(expr: &mut Expr) -> Option<()> {
    match expr {
        Expr::Try(inner) => take_call_out(&mut inner.expr),
        Expr::MethodCall(ExprMethodCall { receiver, method, args, .. }) if method == "headers" && args.iter().all(is_headers) => {
            *expr = (**receiver).clone();
            Some(())
        }
        Expr::MethodCall(call) => take_call_out(&mut call.receiver),
        _ => None,
    }
}

fn declares(local: &Local, name: &str) -> bool {
    matches!(&local.pat, Pat::Ident(pat) if pat.ident == name)
}

fn is_headers(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(HEADERS))
}

/// Says whether this is the call that makes the header's name.
fn names_the_version(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    call.args.iter().any(|argument| matches!(argument, Expr::Lit(literal) if matches!(&literal.lit, syn::Lit::Str(text) if text.value() == "api-version")))
}

/// Turns `encode_path(&id.to_string())`, in the URL of an operation, into `encode_path(id)`: each id is a text already.
fn borrow_ids(stmt: &mut Stmt) {
    if let Stmt::Local(Local { init: Some(init), .. }) = stmt
        && let Expr::Macro(url) = &mut *init.expr
        && url.mac.path.is_ident("format")
    {
        url.mac.tokens = borrowed(std::mem::take(&mut url.mac.tokens));
    }
}

fn borrowed(tokens: TokenStream) -> TokenStream {
    let mut is_encoded = false;
    let mut borrow = |token| match token {
        TokenTree::Group(group) if is_encoded => {
            is_encoded = false;
            TokenTree::Group(Group::new(group.delimiter(), group.stream().into_iter().skip(1).take(1).collect()))
        }
        // What the generator puts together stands in groups that nobody sees.
        TokenTree::Group(group) => TokenTree::Group(Group::new(group.delimiter(), borrowed(group.stream()))),
        token => {
            is_encoded = matches!(&token, TokenTree::Ident(name) if name == "encode_path");
            token
        }
    };
    tokens.into_iter().map(&mut borrow).collect()
}
