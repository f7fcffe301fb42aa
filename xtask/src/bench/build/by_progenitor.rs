//! Creates a challenge by a client that progenitor generated.

include!(concat!(env!("OUT_DIR"), "/client.rs"));

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, email) = arguments.next().zip(arguments.next()).ok_or("expected: URL EMAIL")?;
    let reply = Client::new(&url).create_challenge(&types::Create { email }).await?;
    println!("{}", reply.into_inner().id);
    Ok(())
}
