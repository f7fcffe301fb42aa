//! Rewrites the generated operations: the attempt that is their client's inner value knows the URL, sends and reads, so that each makes a request and no more.

use syn::{Block, Expr, ExprMethodCall, File, ImplItem, Item, Local, Pat, Stmt, Token, parse_quote, punctuated::Punctuated};

use crate::{paths::ATTEMPT, routes::beginning};

/// The variable that the generator gathers headers in.
const HEADERS: &str = "header_map";

/// Rewrites every operation.
///
/// # Errors
///
/// An operation that is not as the generator wrote it when this was.
pub(crate) fn rewrite(file: &mut File) -> Result<(), String> {
    file.items.retain(|item| !has_hooks(item));
    let attempt: syn::Type = syn::parse_str(ATTEMPT).map_err(|error| error.to_string())?;
    file.items.push(parse_quote! {
        impl Client {
            /// Makes a client of one attempt, which knows the URL itself.
            pub(crate) fn of(attempt: #attempt) -> Self {
                Self::new_with_client("", attempt.client(), attempt)
            }
        }
    });
    let items = file.items.iter_mut().filter_map(|item| if let Item::Impl(item) = item { Some(&mut item.items) } else { None });
    for function in items.flatten().filter_map(|item| if let ImplItem::Fn(function) = item { Some(function) } else { None }) {
        if function.sig.asyncness.is_some() {
            rewrite_operation(&mut function.block).ok_or_else(|| format!("{} is not generated as it was", function.sig.ident))?;
        }
    }
    Ok(())
}

/// Says whether this is where hooks would be, which nothing calls.
fn has_hooks(item: &Item) -> bool {
    let Item::Impl(item) = item else { return false };
    item.trait_.as_ref().and_then(|(path, _)| path.segments.last()).is_some_and(|last| last.ident == "ClientHooks")
}

fn rewrite_operation(block: &mut Block) -> Option<()> {
    take_version_out(block)?;
    leave_url(block)?;
    leave_sending(block)?;
    leave_reading(block)
}

/// Takes out the header `api-version`, which the generator adds to every request.
fn take_version_out(block: &mut Block) -> Option<()> {
    let is_added = |stmt: &Stmt| matches!(stmt, Stmt::Expr(Expr::MethodCall(call), _) if is_headers(&call.receiver) && call.args.iter().any(names_the_version));
    let added = block.stmts.iter().position(is_added)?;
    block.stmts.remove(added);
    let has_others = block.stmts.iter().any(|stmt| matches!(stmt, Stmt::Expr(Expr::MethodCall(call), _) if is_headers(&call.receiver)));
    if !has_others {
        let declared = declared(block, HEADERS)?;
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

fn is_headers(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(HEADERS))
}

/// Says whether this is the call that makes the header's name.
fn names_the_version(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    call.args.iter().any(|argument| matches!(argument, Expr::Lit(literal) if matches!(&literal.lit, syn::Lit::Str(text) if text.value() == "api-version")))
}

/// Turns the text of a URL, which would be read again with each call, into the segments behind the URL of the operation's [`beginning`], which was read once:
/// `format!("{}/users/{}", self.baseurl, encode_path(&user_id.to_string()))` into `self.inner.url(&[user_id])`.
fn leave_url(block: &mut Block) -> Option<()> {
    let url = declared(block, "url")?;
    let Some(Stmt::Local(Local { init: Some(init), .. })) = block.stmts.get_mut(url) else { return None };
    let Expr::Macro(format) = &*init.expr else { return None };
    let arguments = format.mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
    let mut arguments = arguments.iter().map(plain);
    let Expr::Lit(template) = arguments.next()? else { return None };
    let syn::Lit::Str(template) = &template.lit else { return None };
    let template = template.value();
    let path = template.strip_prefix("{}/")?;
    let mut ids = arguments.skip(1).map(encoded);
    let segment = |segment| match segment {
        "{}" => ids.next()?,
        fixed => (!fixed.contains('{')).then(|| parse_quote!(#fixed)),
    };
    let segments: Vec<Expr> = path.split('/').skip(beginning(path).len()).map(segment).collect::<Option<_>>()?;
    *init.expr = parse_quote!(self.inner.url(&[#(#segments),*]));
    Some(())
}

/// Gives the id of `encode_path(&id.to_string())`.
fn encoded(expr: &Expr) -> Option<Expr> {
    let Expr::Call(call) = expr else { return None };
    let Some(Expr::Reference(text)) = call.args.first().map(plain) else { return None };
    let Expr::MethodCall(text) = plain(&text.expr) else { return None };
    (text.method == "to_string").then(|| (*text.receiver).clone())
}

/// Leaves out the groups that nobody sees, in which the generator puts things together, and blocks of one expression.
fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => plain(&group.expr),
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Expr(only, None)] => plain(only),
            _ => expr,
        },
        other => other,
    }
}

/// Takes out what runs before, at and after sending, which is the attempt's. What makes the request stands in a block of its own: a future has room for
/// what lives while it waits.
fn leave_sending(block: &mut Block) -> Option<()> {
    let (about, came) = (declared(block, "info")?, declared(block, "response")?);
    let reading = block.stmts.split_off(came + 1);
    let runs = block.stmts.drain(about..).skip(1);
    let names = runs.map(|stmt| awaited(&stmt)).collect::<Vec<_>>();
    if names != [Some("pre".to_owned()), Some("exec".to_owned()), Some("post".to_owned()), None] {
        return None;
    }
    let making = &block.stmts;
    let sent: Stmt = parse_quote! {
        let sent = {
            #(#making)*
            self.inner.send(request)
        };
    };
    let received: Stmt = parse_quote!(let response = sent.await?;);
    block.stmts = [sent, received].into_iter().chain(reading).collect();
    Some(())
}

/// Names the method that a statement waits for.
fn awaited(stmt: &Stmt) -> Option<String> {
    let expr = match stmt {
        Stmt::Local(Local { init: Some(init), .. }) => &*init.expr,
        Stmt::Expr(Expr::Try(tried), _) => &*tried.expr,
        _ => return None,
    };
    let Expr::Await(waiting) = expr else { return None };
    let Expr::MethodCall(call) = &*waiting.base else { return None };
    Some(call.method.to_string())
}

/// Reads a reply, which is here whole, at once: `ResponseValue::from_response(response).await` becomes `self.inner.decode(response)`. Where a reply has no body, or is none that the
/// document knows, nothing is decoded.
fn leave_reading(block: &mut Block) -> Option<()> {
    let Some(Stmt::Expr(Expr::Match(by_status), _)) = block.stmts.last_mut() else { return None };
    for arm in &mut by_status.arms {
        match plain(&arm.body) {
            Expr::Await(reading) if is_call_of(&reading.base, "from_response") => *arm.body = parse_quote!(self.inner.decode(response)),
            Expr::Call(told) if told.args.iter().all(|value| is_call_of(value, "empty") || is_call_of(value, "UnexpectedResponse")) => {}
            _ => return None,
        }
    }
    Some(())
}

/// Says whether this calls a function of that name, whatever the path to it.
fn is_call_of(expr: &Expr, name: &str) -> bool {
    let Expr::Call(call) = plain(expr) else { return false };
    matches!(&*call.func, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// Finds the statement that declares a variable.
fn declared(block: &Block, name: &str) -> Option<usize> {
    let declares = |local: &Local| matches!(&local.pat, Pat::Ident(pat) if pat.ident == name);
    block.stmts.iter().position(|stmt| matches!(stmt, Stmt::Local(local) if declares(local)))
}
