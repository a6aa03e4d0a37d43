//! A tunnel through a proxy (RFC 9110, section 9.3.6).

use http_auth::basic::encode_credentials;
use tokio::io::AsyncWriteExt;

use super::connection::Stream;
use super::head::USER_AGENT;
use super::incoming::{Incoming, how_it_ended};
use super::url::Origin;
use super::{Fault, Proxy};

/// Asks a proxy, over a connection to it, for a way to a server; the caller limits the time.
pub(super) async fn open(
    mut stream: Box<dyn Stream>,
    proxy: &Proxy,
    server: &Origin,
) -> Result<Box<dyn Stream>, Fault> {
    let failed = |why: String| {
        Fault::Connect(format!(
            "the proxy {} gives no way to {server}: {why}",
            proxy.server
        ))
    };
    let host = if server.host().contains(':') {
        format!("[{}]:{}", server.host(), server.port())
    } else {
        format!("{}:{}", server.host(), server.port())
    };
    let login = proxy.login.as_ref().map(|(user, password)| {
        format!(
            "Proxy-Authorization: {}\r\n",
            encode_credentials(user, password.reveal())
        )
    });
    let head = format!(
        "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\n{}\r\n",
        login.unwrap_or_default()
    );
    stream
        .write_all(head.as_bytes())
        .await
        .map_err(|error| failed(how_it_ended(&error)))?;
    let mut incoming = Incoming::new(stream);
    let answer = incoming.head().await.map_err(|fault| failed(fault.to_string()))?;
    let (stream, used_up) = incoming.into_parts();
    match answer.status {
        200..300 if used_up => Ok(stream),
        200..300 => Err(failed("it says more than it was asked".to_owned())),
        407 => Err(failed(
            "it answers 407: it asks for a user and a password, as in http://USER:PASSWORD@HOST".to_owned(),
        )),
        status => Err(failed(format!("it answers {status}"))),
    }
}

#[cfg(test)]
mod tests;
