//! Asks the running node of a home, over its ops port on this machine.

use crate::config::AnyConfig;
use crate::exit::{Exit, Failure};
use crate::home::HomeError;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// Longest answer.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// The node answers within this time, or counts as hanging.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The code and the body of the answer to `GET path`.
pub(super) fn get(home: &Path, path: &str) -> Result<(u16, String), Failure> {
    let at = AnyConfig::load(&home.join("config.toml")).map_err(HomeError::from)?.ops();
    ask(at, path).map_err(|error| {
        let fix = format!("amanahd run --home {}", home.display());
        Failure::new(Exit::Offline, "AMN-0302", format!("no node answers at {at}: {error}"), fix)
    })
}

fn ask(at: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut socket = TcpStream::connect_timeout(&at, ANSWER_MAX)?;
    socket.set_read_timeout(Some(ANSWER_MAX))?;
    socket.set_write_timeout(Some(ANSWER_MAX))?;
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    write!(socket, "GET {path} HTTP/1.0\r\nhost: {at}\r\n\r\n")?;
    let mut answer = String::new();
    socket.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::other("what answers is no HTTP"))
}

fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let code = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((code, body.to_owned()))
}
