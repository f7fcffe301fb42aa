//! Browser and operating system, read from a user agent or from client hints.

use crate::model::product::{Product, UNKNOWN};

/// How much of a user agent is looked at; real ones are shorter.
const LONGEST_PARSED: usize = 1024;
/// Longest name of a program that is taken from a user agent, in bytes.
const LONGEST_NAME: usize = 64;

/// Reads browser and operating system from a user agent, in one pass: the names are those that people know. What is not known is `Unknown`.
pub(crate) fn parsed(agent: &str) -> (Product, Product) {
    let end = match agent.len() {
        length @ ..=LONGEST_PARSED => length,
        length => agent.char_indices().nth(LONGEST_PARSED).map_or(length, |(index, _)| index),
    };
    let mut found = Found::default();
    Parts { rest: agent.get(..end).unwrap_or_default() }.for_each(|part| found.note(&part));
    (found.browser(), found.os())
}

/// Is a part of a user agent: a product, or one of the remarks that stand in parentheses.
#[derive(Clone, Copy)]
struct Part<'a> {
    name: &'a str,
    /// Empty where there is none.
    version: &'a str,
    is_remark: bool,
}

/// Takes a user agent apart.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Parts<'a> {
    /// Calls for each part.
    fn for_each(mut self, mut each: impl FnMut(Part<'a>)) {
        while let Some(first) = self.rest.bytes().next() {
            match first {
                b' ' | b')' | b']' | b';' | b',' => self.skip(1),
                b'(' | b'[' => {
                    let inner = self.rest.get(1..).unwrap_or_default();
                    let end = closing(inner);
                    inner.get(..end).unwrap_or_default().split(';').for_each(|remark| each(Part { is_remark: true, ..part(remark.trim()) }));
                    self.skip(end + 2);
                }
                _ => {
                    let end = self.rest.bytes().position(|byte| matches!(byte, b' ' | b';' | b'(' | b'[')).unwrap_or(self.rest.len());
                    let mut product = part(self.rest.get(..end).unwrap_or_default());
                    self.skip(end);
                    if product.version.is_empty() {
                        product.version = self.version_apart();
                    }
                    each(product);
                }
            }
        }
    }

    /// Takes the version of a product that stands apart from its name, as in `Instagram 302.0.0`.
    fn version_apart(&mut self) -> &'a str {
        let next = self.rest.trim_start();
        if !next.starts_with(|letter: char| letter.is_ascii_digit()) {
            return "";
        }
        let end = next.find([' ', '(', '/']).unwrap_or(next.len());
        self.rest = next.get(end..).unwrap_or_default();
        next.get(..end).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

/// Finds where what stands in parentheses ends.
fn closing(inner: &str) -> usize {
    let mut depth = 0_usize;
    let mut is_end = |byte: u8| {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' if depth == 0 => return true,
            b')' | b']' => depth -= 1,
            _ => {}
        }
        false
    };
    inner.bytes().position(&mut is_end).unwrap_or(inner.len())
}

fn part(text: &str) -> Part<'_> {
    let text = text.strip_prefix("XiaoMi/").unwrap_or(text);
    let (name, version) = text.split_once('/').unwrap_or((text, ""));
    Part { name, version, is_remark: false }
}

/// Gathers what the parts tell.
#[derive(Default)]
struct Found<'a> {
    /// The best one so far: the less its rank, the more it tells.
    browser: Option<(Rank, &'static str, &'a str)>,
    /// A product that nothing is known of.
    other: Option<Part<'a>>,
    /// The version that Safari and the browser of old Androids tell apart.
    version: &'a str,
    os: Option<(&'static str, &'a str)>,
    bot: Option<Part<'a>>,
    has_webkit: bool,
    has_safari: bool,
    is_web_view: bool,
}

/// Says how much a product tells: an application within a browser more than the browser, and that more than what it is built on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    App,
    Browser,
    Engine,
}

impl<'a> Found<'a> {
    fn note(&mut self, part: &Part<'a>) {
        let Part { name, version, is_remark } = *part;
        // Among the remarks stand the names of devices too.
        if is_bot(name) && !(is_remark && version.is_empty()) {
            self.bot.get_or_insert(*part);
        }
        if is_remark {
            self.note_remark(name);
        }
        match name {
            "Version" => self.version = version,
            "AppleWebKit" => self.has_webkit = true,
            "Safari" => self.has_safari = true,
            _ => {}
        }
        if let Some((rank, known)) = browser(name) {
            let is_better = self.browser.is_none_or(|(best, ..)| rank < best);
            if is_better {
                self.browser = Some((rank, known, version));
            }
        } else if !is_remark && self.other.is_none() && !version.is_empty() && is_own_name(name) {
            self.other = Some(*part);
        }
    }

    fn note_remark(&mut self, remark: &'a str) {
        self.is_web_view |= remark == "wv";
        if let Some(version) = remark.strip_prefix("MSIE ") {
            self.browser = Some((Rank::Browser, "Internet Explorer", version));
        }
        if let (Some(version), Some((_, "Internet Explorer", told))) = (remark.strip_prefix("rv:"), &mut self.browser) {
            *told = version;
        }
        if let Some(system) = system(remark) {
            // What comes later names the system that an earlier one is a kind of.
            let is_vague = matches!(self.os, None | Some(("Linux", _)));
            if is_vague {
                self.os = Some(system);
            }
        }
    }

    fn browser(&self) -> Product {
        if let Some(bot) = self.bot {
            return product(bot.name, bot.version);
        }
        match self.browser {
            Some((Rank::App, name, version)) => product(name, version),
            Some((_, "Chrome", version)) if self.is_web_view => product("Android WebView", version),
            // Where it tells another version, this one is for programs that know no number above it.
            Some((_, "Opera", "9.80")) if !self.version.is_empty() => product("Opera", self.version),
            Some((_, name, version)) => product(name, version),
            None if self.has_safari && self.is_on("Android") => product("Android Browser", self.version),
            None if self.has_safari && !self.version.is_empty() => product("Safari", self.version),
            None if self.has_webkit && self.is_on("iOS") => product("iOS WebView", self.os.map_or("", |(_, version)| version)),
            None => self.other.map_or_else(Product::unknown, |other| product(other.name, other.version)),
        }
    }

    fn os(&self) -> Product {
        self.os.map_or_else(Product::unknown, |(name, version)| product(name, version))
    }

    fn is_on(&self, system: &str) -> bool {
        self.os.is_some_and(|(name, _)| name == system)
    }
}

/// Names a product; of the version what belongs to one, with dots as everywhere else.
fn product(name: &str, version: &str) -> Product {
    let end = version.find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-'))).unwrap_or(version.len());
    match version.get(..end).filter(|version| version.starts_with(|letter: char| letter.is_ascii_digit())) {
        Some(version) => Product::new(name, version.replace('_', ".")),
        None => Product::new(name, UNKNOWN),
    }
}

/// Says whether a product may name a program, not what nearly all of them claim to be.
fn is_own_name(name: &str) -> bool {
    let is_claimed = matches!(name, "Mozilla" | "AppleWebKit" | "Version" | "Safari" | "Mobile" | "Gecko");
    !is_claimed && name.starts_with(|letter: char| letter.is_ascii_alphabetic()) && is_one_word(name)
}

/// Says whether a name is one of a program: whoever sends an agent may write anything in it.
fn is_one_word(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Says whether a program goes by itself.
fn is_bot(name: &str) -> bool {
    let ends = |end: &str| name.len() >= end.len() && name.get(name.len() - end.len()..).is_some_and(|tail| tail.eq_ignore_ascii_case(end));
    let is_one = match name.bytes().last() {
        Some(b't' | b'T') => ends("bot") || ends("externalhit"),
        Some(b'r' | b'R') => ends("spider") || ends("crawler"),
        Some(b'e' | b'E') => ends("-google"),
        _ => false,
    };
    (is_one || name.starts_with("Slackbot")) && is_one_word(name)
}

/// Names the browser, or the application that shows a page, that goes by a product's name.
fn browser(name: &str) -> Option<(Rank, &'static str)> {
    use Rank::{App, Browser, Engine};
    Some(match name {
        "FBAV" => (App, "Facebook"),
        "Instagram" => (App, "Instagram"),
        "Line" => (App, "LINE"),
        "MicroMessenger" => (App, "WeChat"),
        "GSA" => (App, "Google app"),
        "Snapchat" => (App, "Snapchat"),
        "BytedanceWebview" | "musical_ly" | "trill" => (App, "TikTok"),
        "Pinterest" => (App, "Pinterest"),
        "LinkedInApp" => (App, "LinkedIn"),
        "KAKAOTALK" => (App, "KakaoTalk"),
        "WhatsApp" => (App, "WhatsApp"),
        "Electron" => (App, "Electron"),
        "Edg" | "EdgA" | "EdgiOS" | "Edge" => (Browser, "Edge"),
        "OPR" | "OPiOS" | "OPT" | "OPX" => (Browser, "Opera"),
        "Opera Mini" => (Browser, "Opera Mini"),
        "SamsungBrowser" => (Browser, "Samsung Internet"),
        "YaBrowser" => (Browser, "Yandex Browser"),
        "Vivaldi" => (Browser, "Vivaldi"),
        "Brave" => (Browser, "Brave"),
        "DuckDuckGo" | "Ddg" => (Browser, "DuckDuckGo"),
        "UCBrowser" => (Browser, "UC Browser"),
        "HuaweiBrowser" => (Browser, "Huawei Browser"),
        "MiuiBrowser" => (Browser, "Mi Browser"),
        "VivoBrowser" => (Browser, "vivo Browser"),
        "HeyTapBrowser" => (Browser, "HeyTap Browser"),
        "QQBrowser" | "MQQBrowser" => (Browser, "QQ Browser"),
        "Whale" => (Browser, "Whale"),
        "Silk" => (Browser, "Silk"),
        "Puffin" => (Browser, "Puffin"),
        "Ecosia" => (Browser, "Ecosia"),
        "Focus" | "Klar" => (Browser, "Firefox Focus"),
        "SeaMonkey" => (Browser, "SeaMonkey"),
        "PaleMoon" => (Browser, "Pale Moon"),
        "HeadlessChrome" => (Browser, "Headless Chrome"),
        "CriOS" => (Browser, "Chrome"),
        "FxiOS" => (Browser, "Firefox"),
        "Chromium" => (Browser, "Chromium"),
        "Opera" => (Engine, "Opera"),
        "Trident" => (Engine, "Internet Explorer"),
        "Chrome" => (Engine, "Chrome"),
        "Firefox" => (Engine, "Firefox"),
        _ => return None,
    })
}

/// Names the operating system that a remark tells of, with its version.
fn system(remark: &str) -> Option<(&'static str, &str)> {
    let after = |begin: &str| remark.strip_prefix(begin);
    let word = |text| str::split(text, ' ').next().unwrap_or_default();
    if let Some(version) = after("Windows NT ") {
        return Some(("Windows", windows(word(version))));
    }
    if let Some(version) = after("Windows Phone OS ").or_else(|| after("Windows Phone ")) {
        return Some(("Windows Phone", word(version)));
    }
    if let Some(version) = after("Android") {
        return Some(("Android", word(version.trim_start())));
    }
    if let Some(version) = after("CPU iPhone OS ").or_else(|| after("CPU OS ")) {
        return Some(("iOS", word(version)));
    }
    if remark == "CPU like Mac OS X" {
        return Some(("iOS", ""));
    }
    if let Some(version) = after("iOS ").or_else(|| after("iPadOS ")) {
        return Some(("iOS", word(version)));
    }
    if let Some((_, version)) = remark.split_once("Mac OS X") {
        return Some(("macOS", word(version.trim_start())));
    }
    if let Some(version) = after("CrOS ") {
        return Some(("ChromeOS", version.split(' ').nth(1).unwrap_or_default()));
    }
    if let Some(version) = after("OpenHarmony").or_else(|| after("HarmonyOS")) {
        return Some(("HarmonyOS", word(version.trim_start())));
    }
    if let Some(version) = after("Tizen ") {
        return Some(("Tizen", word(version)));
    }
    if let Some(version) = after("PlayStation ") {
        return Some(("PlayStation", word(version)));
    }
    match remark {
        "Web0S" => Some(("webOS", "")),
        "Xbox" => Some(("Xbox", "")),
        "iPhone" | "iPad" | "iPod touch" => None,
        "Nintendo Switch" => Some(("Nintendo Switch", "")),
        _ if remark.starts_with("Linux") || remark == "X11" || remark.starts_with("Ubuntu") => Some(("Linux", "")),
        _ if remark.starts_with("FreeBSD") => Some(("FreeBSD", "")),
        _ if remark.starts_with("OpenBSD") => Some(("OpenBSD", "")),
        _ => None,
    }
}

/// Gives the version of Windows that people know.
fn windows(version: &str) -> &str {
    match version {
        "10.0" => "10",
        "6.3" => "8.1",
        "6.2" => "8",
        "6.1" => "7",
        "6.0" => "Vista",
        "5.1" | "5.2" => "XP",
        other => other,
    }
}

/// Reads the browser from a brand list such as `"Chromium";v="104", " Not A;Brand";v="99", "Google Chrome";v="104"`.
pub(crate) fn browser_of(brands: &str) -> Option<Product> {
    let mut chromium = None;
    // A brand may hold commas and semicolons, and quotes behind a backslash, so the other quotes lead: name and version alternate between them.
    let mut is_escaped = false;
    let is_quote = |letter: char| {
        let is_quote = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_quote
    };
    let mut quoted = brands.split(is_quote).skip(1).step_by(2);
    while let (Some(brand), Some(version)) = (quoted.next(), quoted.next()) {
        match brand {
            // Made-up brands keep servers from relying on the list.
            grease if grease.contains("Not") && grease.contains("Brand") => {}
            "Chromium" => chromium = Some(Product::new("Chromium", version)),
            "Google Chrome" => return Some(Product::new("Chrome", version)),
            "Microsoft Edge" => return Some(Product::new("Edge", version)),
            other => return Some(Product::new(other, version)),
        }
    }
    chromium
}

/// Gives the version that people know for the one that the client hint tells: Windows tells its feature level.
pub(crate) fn os_version(platform: &str, version: &str) -> String {
    let mut levels = version.split('.').map(|level| level.parse::<u32>().ok());
    let known = match (platform, levels.next().flatten(), levels.next().flatten()) {
        ("Windows", Some(13..), _) => "11",
        ("Windows", Some(1..=12), _) => "10",
        ("Windows", Some(0), Some(3)) => "8.1",
        ("Windows", Some(0), Some(2)) => "8",
        ("Windows", Some(0), Some(1)) => "7",
        _ => version,
    };
    known.to_owned()
}
