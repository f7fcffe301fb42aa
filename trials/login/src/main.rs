//! The application of examples/login in a real browser: `auth-challenge-login-trial PROGRAM FOLDER`, the built `login`, and where the pictures go.

mod application;
mod person;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use auth_challenge_browser::{Browser, Failed, Key, expect, told};
use serde_json::json;

use application::{Application, RESEND_AFTER};
use person::Person;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, folder] = &arguments[..] else {
        eprintln!("usage: auth-challenge-login-trial PROGRAM FOLDER");
        return ExitCode::from(2);
    };
    match run(program, folder).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(program: &Path, folder: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(folder)?;
    let app = Application::start(program).await?;
    let browser = Browser::open(&app.at("/")).await?;
    let tried = try_it(&Person { browser: &browser, app: &app }, folder).await;
    if tried.is_err() {
        browser.picture(&folder.join("failed.png")).await?;
    }
    browser.close().await?;
    tried
}

/// Uses the application as people do.
async fn try_it(person: &Person<'_>, folder: &Path) -> Result<(), Failed> {
    wrong_then_right(person, folder).await?;
    keyboard(person).await?;
    sms(person).await?;
    expired(person).await?;
    too_many(person).await?;
    switched(person).await?;
    lost(person).await?;
    outage(person).await?;
    passkeys(person, folder).await?;
    screen_reader(person).await?;
    looks(person, folder).await?;

    person.app.assert_no_violations().await?;
    // The browser tells of every status that is an error's.
    let complaints: Vec<String> = person.browser.complaints().await?.into_iter().filter(|line| !line.contains("Failed to load resource")).collect();
    expect("the console is silent", &complaints, &Vec::new())?;
    let ours = person.app.at("/");
    let foreign: Vec<String> = person.browser.asked().await?.into_iter().filter(|url| !url.starts_with(&ours) && !url.starts_with("data:")).collect();
    expect("nothing was asked elsewhere", &foreign, &Vec::new())?;
    told("nothing was asked elsewhere, no policy was broken, and every request kept to the vendors' documents")
}

async fn wrong_then_right(person: &Person<'_>, folder: &Path) -> Result<(), Failed> {
    let message = person.starts_to_sign_up("email", "Jane", "jane@doe.com").await?;
    person.gives_a_wrong_code(&message.code).await?;
    person.is_told("try_again", "That code is not right.").await?;
    person.browser.shows("tries", "You have 4 tries left.").await?;
    pictures(person, folder, "code").await?;
    let spaced = format!("{} {}", &message.code[..3], &message.code[3..]);
    person.gives(&spaced).await?;
    person.reads("Hello, Jane").await?;
    person.signs_out().await?;
    person.visit("/account").await?;
    person.reads("Sign in").await?;
    told("a wrong code is told, the right one signs up, and who signs out is out")
}

async fn keyboard(person: &Person<'_>) -> Result<(), Failed> {
    person.visit("/sign-up").await?;
    // The first field has the focus.
    for text in ["Kim", "kim@doe.com"] {
        person.browser.type_text(text).await?;
        person.browser.press(if text == "Kim" { Key::Tab } else { Key::Enter }).await?;
    }
    person.reads("Check your e-mail").await?;
    let message = person.app.message("kim@doe.com").await?;
    person.browser.type_text(&message.code).await?;
    person.browser.press(Key::Enter).await?;
    person.reads("Hello, Kim").await?;
    person.signs_out().await?;
    told("somebody signs up by keyboard alone")
}

async fn sms(person: &Person<'_>) -> Result<(), Failed> {
    person.signs_up("sms", "Sam", "+64 27 000 0001").await?;
    person.signs_out().await?;
    told("somebody signs up by text message, with a number as people write it")
}

async fn expired(person: &Person<'_>) -> Result<(), Failed> {
    let message = person.starts_to_sign_up("email", "Eve", "eve@doe.com").await?;
    person.browser.until("document.getElementById('again').disabled").await?;
    person.app.advance(600).await?;
    person.gives(&message.code).await?;
    person.is_told("ask_for_new", "This cannot be used any more.").await?;
    expect("no code is asked for", &person.browser.run("return document.getElementById('code')").await?, &json!(null))?;
    person.browser.until("!document.getElementById('again').disabled").await?;
    person.browser.shows("wait", "You can ask for a new code now.").await?;
    person.browser.click("#again").await?;
    person.browser.until("document.getElementById('code')").await?;
    let message = person.app.message("eve@doe.com").await?;
    person.gives(&message.code).await?;
    person.reads("Hello, Eve").await?;
    person.signs_out().await?;
    told(&format!("an expired code is told, and {RESEND_AFTER} s after the first a new one can be asked for"))
}

async fn too_many(person: &Person<'_>) -> Result<(), Failed> {
    let message = person.starts_to_sign_up("email", "Tom", "tom@doe.com").await?;
    for left in (1..5).rev() {
        person.gives_a_wrong_code(&message.code).await?;
        person.is_told("try_again", "That code is not right.").await?;
        person.browser.shows("tries", if left == 1 { "You have one try left." } else { "tries left." }).await?;
    }
    person.gives_a_wrong_code(&message.code).await?;
    if person.browser.run("return Boolean(document.getElementById('code'))").await? == true {
        person.gives(&message.code).await?;
    }
    person.is_told("ask_for_new", "This cannot be used any more.").await?;
    told("after five wrong codes the right one is not taken either")
}

async fn switched(person: &Person<'_>) -> Result<(), Failed> {
    let message = person.starts_to_sign_up("email", "Sue", "sue@doe.com").await?;
    expect("who sent it", &message.provider.as_str(), &"corbado")?;
    person.switches_to("twilio").await?;
    person.visit("/code").await?;
    person.gives(&message.code).await?;
    person.reads("Hello, Sue").await?;
    person.signs_out().await?;
    let message = person.starts_to_sign_up("email", "Ted", "ted@doe.com").await?;
    expect("who sends then", &message.provider.as_str(), &"twilio")?;
    person.gives(&message.code).await?;
    person.reads("Hello, Ted").await?;
    person.signs_out().await?;
    told("the vendor is switched: a code under way is checked where it was made, the next one comes from the other")
}

async fn lost(person: &Person<'_>) -> Result<(), Failed> {
    person.app.fail(json!({ "provider": "twilio", "operation": "create", "fault": "status", "status": 503 })).await?;
    person.visit("/sign-in").await?;
    person.browser.write("#to", "lost@doe.com").await?;
    person.browser.click("button.main").await?;
    person.is_told("offer_again", "It may be on its way already.").await?;
    expect("the address is still there", &person.browser.run("return document.getElementById('to').value").await?, &json!("lost@doe.com"))?;
    told("where it is not known whether a message is on its way, that is what is told")
}

async fn outage(person: &Person<'_>) -> Result<(), Failed> {
    person.switches_to("corbado").await?;
    person.app.fail(json!({ "provider": "corbado", "fault": "refuse_connections" })).await?;
    let message = person.starts_to_sign_up("email", "Ann", "ann@doe.com").await?;
    expect("who took over", &message.provider.as_str(), &"authsignal")?;
    person.gives(&message.code).await?;
    person.reads("Hello, Ann").await?;
    person.visit("/vendor").await?;
    person.browser.shows("main", "failed a moment ago").await?;
    person.app.fail_no_more().await?;
    person.visit("/account").await?;
    person.signs_out().await?;
    told("a vendor that cannot be reached is told, and another one takes over")
}

async fn passkeys(person: &Person<'_>, folder: &Path) -> Result<(), Failed> {
    const CODE: &str = "ABCD-1234-EFGH";
    let device = person.browser.add_authenticator().await?;
    let make = async |code: &str| {
        person.browser.write("#passkey-code", code).await?;
        person.browser.click("form[data-passkey=create] button").await
    };
    let says = async |text: &str| person.browser.shows("passkey-error", text).await;

    person.visit("/sign-up?by=passkey").await?;
    person.browser.write("#name", "Pat").await?;
    make("WRONG").await?;
    says("Please check what you entered.").await?;
    // The person says no, and is asked once more for the same passkey.
    person.browser.verify_user(&device, false).await?;
    make(CODE).await?;
    says("No passkey was used").await?;
    person.browser.verify_user(&device, true).await?;
    person.browser.click("form[data-passkey=create] button").await?;
    person.reads("Hello, Pat").await?;
    expect("passkeys in the device", &person.browser.passkeys(&device).await?, &1)?;
    person.signs_out().await?;
    sign_in_by_passkey(person, "Pat").await?;
    person.signs_out().await?;
    told("a passkey is made of our JSON, checked by the vendor, opens an account, and signs in again")?;

    person.signs_up("email", "Mary", "mary@doe.com").await?;
    make(CODE).await?;
    person.browser.until("document.querySelector('[role=status]')?.innerText.startsWith('The passkey was checked')").await?;
    pictures(person, folder, "account").await?;
    person.signs_out().await?;
    sign_in_by_passkey(person, "Mary").await?;
    person.signs_out().await?;
    told("who is signed in adds a passkey, and signs in by it")
}

async fn sign_in_by_passkey(person: &Person<'_>, name: &str) -> Result<(), Failed> {
    person.visit("/sign-in?by=passkey").await?;
    person.browser.click("form[data-passkey=get] button").await?;
    person.reads(&format!("Hello, {name}")).await
}

async fn screen_reader(person: &Person<'_>) -> Result<(), Failed> {
    for path in ["/sign-in", "/sign-up?by=sms", "/sign-up?by=passkey", "/vendor"] {
        person.visit(path).await?;
        let nodes = person.browser.accessible().await?;
        for role in ["button", "textbox", "radio", "heading", "link"] {
            if let Some(nameless) = nodes.iter().find(|(other, name)| other == role && name.trim().is_empty()) {
                return Err(format!("{path}: an element has no name: {nameless:?}").into());
            }
        }
        for role in ["main", "banner", "contentinfo", "navigation", "heading", "button"] {
            expect(&format!("{path}: there is a {role}"), &nodes.iter().any(|(other, _)| other == role), &true)?;
        }
    }
    told("every control has a name for screen readers, and every page its parts")
}

async fn looks(person: &Person<'_>, folder: &Path) -> Result<(), Failed> {
    for (name, path) in [("sign-in", "/sign-in"), ("sign-up", "/sign-up"), ("passkey", "/sign-up?by=passkey"), ("vendor", "/vendor"), ("nowhere", "/nowhere")] {
        person.visit(path).await?;
        pictures(person, folder, name).await?;
    }
    told("it is readable in light and dark, and 360 pixels wide")
}

/// Takes pictures of a page: light, dark, and as wide as a phone.
async fn pictures(person: &Person<'_>, folder: &Path, name: &str) -> Result<(), Failed> {
    let page = person.browser;
    for (form, scheme, width, height) in [("light", "light", 900, 760), ("dark", "dark", 900, 760), ("phone", "light", 360, 760)] {
        page.prefer(scheme).await?;
        page.resize(width, height).await?;
        page.until(&format!("document.documentElement.clientWidth === {width}")).await?;
        expect(&format!("{name}, {form}: nothing is wider than the page"), &page.run("return document.documentElement.scrollWidth").await?, &json!(width))?;
        expect(&format!("{name}, {form}: every text can be read"), &page.faint_texts().await?, &json!([]))?;
        page.picture(&folder.join(format!("{name}-{form}.png"))).await?;
    }
    page.prefer("light").await?;
    page.resize(900, 760).await
}
