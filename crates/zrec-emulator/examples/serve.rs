//! Serves an emulated cloud: `serve [--port N] [--state FILE] [--cloud FILE] [--ca DIR] [--name HOST]…`.

use std::net::TcpListener;
use std::path::PathBuf;

use zrec_emulator::{CertificateAuthority, CloudFile, DEFAULT_CALLER, Emulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut port = 0_u16;
    let (mut state, mut cloud, mut ca) = (None, CloudFile::default(), PathBuf::from(".zrec"));
    let mut names = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--port" => port = value.parse()?,
            "--state" => state = Some(PathBuf::from(value)),
            "--cloud" => cloud = CloudFile::parse(&std::fs::read_to_string(value)?)?,
            "--ca" => ca = PathBuf::from(value),
            "--name" => names.push(value),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let emulator = match state {
        Some(path) => Emulator::open(&path, cloud)?,
        None => Emulator::new(cloud),
    };
    let authority = CertificateAuthority::load_or_create(&ca)?.with_names(names);
    let server = emulator.serve(TcpListener::bind(("127.0.0.1", port))?, &authority).await?;
    println!("{}", server.url());
    println!("SSL_CERT_FILE={}", ca.join("ca.pem").display());
    println!("AZURE_CLIENT_ID={}", DEFAULT_CALLER.app_id);
    server.wait().await?;
    Ok(())
}
