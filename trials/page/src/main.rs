//! The doubles' page in a real browser: `auth-challenge-page PROGRAM FOLDER`, the built `auth-challenge`, and where the pictures go.

mod doubles;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use auth_challenge_browser::{Browser, Failed, Key, expect, told};
use serde_json::json;

use doubles::{ATTACK, Doubles, MARKUP};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, folder] = &arguments[..] else {
        eprintln!("usage: auth-challenge-page PROGRAM FOLDER");
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
    let mut doubles = Doubles::start(program).await?;
    let page = Browser::open(&doubles.url()).await?;
    let looked = look(&page, &mut doubles, folder).await;
    if looked.is_err() {
        page.picture(&folder.join("failed.png")).await?;
    }
    page.close().await?;
    looked
}

/// Uses the page as people do.
async fn look(page: &Browser, doubles: &mut Doubles, folder: &Path) -> Result<(), Failed> {
    page.until("document.getElementById('state').textContent === 'live'").await?;
    // It is gone where the page is loaded anew.
    page.run("window.isFirst = true;").await?;

    messages(page, doubles).await?;
    markup(page, doubles).await?;
    faults(page).await?;
    clock(page, doubles).await?;
    filter(page).await?;
    keyboard(page).await?;
    screen_reader(page).await?;
    looks(page, folder).await?;
    expect("the console is silent", &page.complaints().await?, &Vec::new())?;
    restart(page, doubles).await?;
    reset(page).await?;

    page.until("window.isFirst").await?;
    let foreign: Vec<String> = page.asked().await?.into_iter().filter(|url| !url.starts_with(&(doubles.url() + "/")) && !url.starts_with("data:")).collect();
    expect("nothing was asked elsewhere", &foreign, &Vec::new())?;
    told("nothing was asked elsewhere, and the console was silent")
}

async fn messages(page: &Browser, doubles: &Doubles) -> Result<(), Failed> {
    for (provider, to) in [("authsignal", "jane@doe.com"), ("corbado", "mary@doe.com"), ("twilio", "+64270000000")] {
        let code = doubles.challenge(provider, to).await?;
        page.shows("messages", to).await?;
        page.shows("messages", &code).await?;
        page.shows("challenges", to).await?;
    }
    page.allow_clipboard().await?;
    page.click("#messages li button").await?;
    page.until("document.querySelector('#messages li button').textContent === 'Copied'").await?;
    let code = page.run("return document.querySelector('#messages li .code').textContent").await?;
    expect("the newest code is copied", &page.clipboard().await?, &code)?;
    doubles.challenge("corbado", "next@doe.com").await?;
    page.shows("messages", "next@doe.com").await?;
    page.until("document.activeElement.textContent.startsWith('Cop') && document.activeElement.isConnected").await?;
    told("a message appears without a reload, its code is copied, and the next one takes the focus from nobody")
}

async fn markup(page: &Browser, doubles: &Doubles) -> Result<(), Failed> {
    doubles.challenge("authsignal", MARKUP.0).await?;
    doubles.send_markup().await?;
    page.shows("messages", MARKUP.1).await?;
    page.until("document.querySelector('#requests details .violation')").await?;
    page.run("document.querySelectorAll('#requests details').forEach((one) => { one.open = true; });").await?;
    for text in ["<script>window.attacked=1</script>", ATTACK] {
        page.shows("requests", text).await?;
    }
    let made = page.run("return [window.attacked ?? null, document.querySelectorAll('main img, main script, main video').length]").await?;
    expect("markup makes no element", &made, &json!([null, 0]))?;
    page.run("document.querySelectorAll('#requests details').forEach((one) => { one.open = false; });").await?;
    told("what comes in is shown as text")
}

async fn faults(page: &Browser) -> Result<(), Failed> {
    page.choose("#fault [name=provider]", "authsignal").await?;
    page.choose("#fault [name=operation]", "create").await?;
    page.choose("#fault [name=fault]", "status").await?;
    page.write("#fault [name=status]", "503").await?;
    page.click("#fault button").await?;
    page.shows("waiting", "status").await?;
    page.choose("#sample [name=provider]", "authsignal").await?;
    page.click("#sample button").await?;
    page.shows("sampled", "503").await?;
    page.shows("waiting", "None waits").await?;
    page.click("#sample button").await?;
    page.shows("sampled", "Challenged").await?;
    page.click("#fault button").await?;
    page.shows("waiting", "status").await?;
    page.click("#clear").await?;
    page.shows("waiting", "None waits").await?;
    told("a fault set on the page makes the next create fail, and no other one")
}

async fn clock(page: &Browser, doubles: &Doubles) -> Result<(), Failed> {
    page.shows("challenges", "pending").await?;
    let clock = "header [data-clock]";
    page.click(&format!("{clock}:nth-of-type(1)")).await?;
    page.until("document.getElementById('stopped').checkVisibility()").await?;
    for _ in 0..2 {
        page.click(&format!("{clock}:nth-of-type(3)")).await?;
    }
    page.until("!document.getElementById('challenges').innerText.includes('pending')").await?;
    page.shows("challenges", "expired").await?;
    page.click(&format!("{clock}:nth-of-type(4)")).await?;
    page.until("!document.getElementById('stopped').checkVisibility()").await?;
    doubles.challenge("corbado", "late@doe.com").await?;
    doubles.advance_to_the_end_of("late@doe.com").await?;
    page.until("[...document.querySelectorAll('#challenges li')].some((one) => one.innerText.includes('late@doe.com') && one.querySelector('.pill').innerText === 'expired')")
        .await?;
    page.click(&format!("{clock}:nth-of-type(4)")).await?;
    told("the clock expires challenges, with and without a push")
}

async fn filter(page: &Browser) -> Result<(), Failed> {
    page.write("#filter [name=to]", "MARY").await?;
    page.until("document.querySelectorAll('#messages li').length === 1").await?;
    page.shows("messages", "mary@doe.com").await?;
    page.write("#filter [name=to]", "").await?;
    page.press(Key::Backspace).await?;
    page.choose("#filter [name=provider]", "twilio").await?;
    page.until("document.querySelectorAll('#messages li').length === 1").await?;
    page.shows("messages", "+64270000000").await?;
    page.choose("#filter [name=provider]", "").await?;
    page.shows("messages", "mary@doe.com").await?;
    // A form spells a number otherwise than it is read.
    page.write("#filter [name=to]", "+6427").await?;
    page.shows("requests", "/Verifications").await?;
    page.until("[...document.querySelectorAll('#requests li')].every((one) => one.innerText.includes('twilio'))").await?;
    page.write("#filter [name=to]", "nobody@").await?;
    page.shows("messages", "Nothing matches").await?;
    page.shows("requests", "Nothing matches").await?;
    page.shows("challenges", "Nothing matches").await?;
    // To clear a field is no input of its own to a browser.
    page.run("const to = document.querySelector('#filter [name=to]'); to.value = ''; to.dispatchEvent(new Event('input', { bubbles: true }));").await?;
    page.shows("messages", "mary@doe.com").await?;
    told("messages, challenges and requests are filtered by recipient and vendor")
}

async fn keyboard(page: &Browser) -> Result<(), Failed> {
    const PLACES: &str = "[...document.querySelectorAll('button, input, select, summary, pre')].filter((one) => one.checkVisibility())";
    page.run("document.activeElement.blur(); window.scrollTo(0, 0); window.reached = new Set();").await?;
    page.run("document.addEventListener('focusin', (event) => window.reached.add(event.target));").await?;
    let places = page.run(&format!("return {PLACES}.length")).await?.as_u64().unwrap_or_default();
    for _ in 0..places + 5 {
        page.press(Key::Tab).await?;
    }
    let missed = page.run(&format!("return {PLACES}.filter((one) => !window.reached.has(one)).map((one) => one.outerHTML)")).await?;
    expect("every control is reached by the tabulator key", &missed, &json!([]))?;
    page.run("document.querySelector('#sample [name=to]').focus();").await?;
    let before = page.run("return document.querySelectorAll('#messages li').length").await?.as_u64().unwrap_or_default();
    page.press(Key::Enter).await?;
    page.until(&format!("document.querySelectorAll('#messages li').length > {before}")).await?;
    told("the page is used by keyboard alone")
}

async fn screen_reader(page: &Browser) -> Result<(), Failed> {
    let nodes = page.accessible().await?;
    for role in ["button", "textbox", "searchbox", "combobox", "spinbutton", "heading", "region"] {
        let named = nodes.iter().filter(|(other, _)| other == role);
        if let Some(nameless) = named.clone().find(|(_, name)| name.trim().is_empty()) {
            return Err(format!("an element has no name: {nameless:?}").into());
        }
        expect(&format!("there is a {role}"), &(named.count() > 0), &true)?;
    }
    for role in ["main", "banner", "search", "status", "log", "list", "listitem"] {
        expect(&format!("there is a {role}"), &nodes.iter().any(|(other, _)| other == role), &true)?;
    }
    expect("one title", &nodes.iter().filter(|(role, name)| role == "RootWebArea" && name == "Test doubles").count(), &1)?;
    told("every control and part has a name for screen readers")
}

async fn looks(page: &Browser, folder: &Path) -> Result<(), Failed> {
    for (name, scheme, width, height) in
        [("light", "light", 1280, 1500), ("dark", "dark", 1280, 1500), ("narrow", "light", 360, 2400), ("narrow-dark", "dark", 360, 2400)]
    {
        page.prefer(scheme).await?;
        page.resize(width, height).await?;
        page.until(&format!("document.documentElement.clientWidth === {width}")).await?;
        expect(&format!("{name}: nothing is wider than the page"), &page.run("return document.documentElement.scrollWidth").await?, &json!(width))?;
        expect(&format!("{name}: every text can be read"), &page.faint_texts().await?, &json!([]))?;
        page.picture(&folder.join(format!("{name}.png"))).await?;
    }
    page.resize(1280, 1000).await?;
    told("it is readable in light and dark, and 360 pixels wide")
}

async fn restart(page: &Browser, doubles: &mut Doubles) -> Result<(), Failed> {
    doubles.stop().await?;
    page.until("document.getElementById('state').textContent === 'reconnecting'").await?;
    // A browser does not try again by itself after such an answer.
    doubles.answer_busy().await?;
    doubles.start_again().await?;
    page.until("document.getElementById('state').textContent === 'live'").await?;
    page.shows("messages", "mary@doe.com").await?;
    let code = doubles.challenge("corbado", "after@doe.com").await?;
    page.shows("messages", &code).await?;
    // Nobody was there to answer, and the browser says so.
    let others: Vec<String> = page.complaints().await?.into_iter().filter(|line| !line.contains("net::ERR_") && !line.contains("status of 503")).collect();
    expect("the console has nothing else to tell", &others, &Vec::new())?;
    told("the page outlives the doubles, and goes on with those that come after")
}

async fn reset(page: &Browser) -> Result<(), Failed> {
    page.click("#reset").await?;
    page.shows("messages", "Nothing was sent yet").await?;
    page.shows("challenges", "No challenge yet").await?;
    told("a reset forgets it all")
}
