//! Creates a challenge by reqwest, as somebody would write it by hand.

#[derive(serde::Serialize)]
struct Create {
    email: String,
}

#[derive(serde::Deserialize)]
struct Challenge {
    id: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, email) = arguments.next().zip(arguments.next()).ok_or("expected: URL EMAIL")?;
    let reply = reqwest::Client::new().post(url).json(&Create { email }).send().await?.error_for_status()?;
    println!("{}", reply.json::<Challenge>().await?.id);
    Ok(())
}
