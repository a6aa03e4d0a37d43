//! Idle connections, kept for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, is_safe};
use super::url::Origin;

/// How many idle connections to one server are kept: more than are used at once, since each new one costs a round trip.
const MOST: usize = 128;
/// How long a connection may have been idle for a request that can be sent again if the server has just closed it: what
/// front ends keep one for is seldom less, and where it is, one request is sent twice.
pub(super) const LONG: Duration = Duration::from_secs(15);
/// How long it may have been idle for any other request: shorter than servers wait before they close.
const SHORT: Duration = Duration::from_secs(1);

/// How long a connection may have been idle for a request of this method.
pub(super) fn patience(method: &str) -> Duration {
    if is_safe(method) { LONG } else { SHORT }
}

/// The idle connections, by server, the one used last on top.
#[derive(Default)]
pub(super) struct Pool(Mutex<HashMap<Origin, Vec<Idle>>>);

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// A connection that looks alive and is fit for a request of this method.
    pub(super) fn take(&self, origin: &Origin, method: &str) -> Option<Connection> {
        let limit = patience(method);
        let mut idle = self.lock();
        let stack = idle.get_mut(origin)?;
        let now = Instant::now();
        let idle_for = |one: &Idle| now.duration_since(one.since);
        stack.retain(|one| idle_for(one) < LONG);
        while let Some(mut top) = stack.pop() {
            if idle_for(&top) >= limit {
                stack.push(top);
                return None;
            }
            if top.connection.is_quiet() {
                return Some(top.connection);
            }
        }
        None
    }

    /// Keeps a connection for later.
    pub(super) fn put(&self, origin: Origin, connection: Connection) {
        let mut idle = self.lock();
        let stack = idle.entry(origin).or_default();
        if stack.len() < MOST {
            let since = Instant::now();
            stack.push(Idle { connection, since });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, Vec<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Canned, ServerAct, answer, client};
    use super::super::{Client, Request};

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    /// What two requests come to on a server that plays these scripts, one for each connection.
    async fn two(method: &str, scripts: Vec<Vec<ServerAct>>) -> [Result<u16, String>; 2] {
        let server = Canned::serve(scripts).await;
        let client = client(&server.url);
        [send(&client, method).await, send(&client, method).await]
    }

    async fn send(client: &Client, method: &str) -> Result<u16, String> {
        let request = Request::new(method, client.target().with_target("/"));
        let exchange = client.send(request).await;
        // Time for the server to close, or to say more than it should.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        exchange
            .outcome
            .map(|answer| answer.status)
            .map_err(|fault| fault.to_string())
    }

    fn twice(first: &str) -> Vec<ServerAct> {
        [answer(first), answer(OK)].concat()
    }

    #[tokio::test]
    async fn a_connection_carries_one_request_after_another() {
        assert_eq!(two("POST", vec![twice(OK)]).await, [Ok(200), Ok(200)]);
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_is_not_used() {
        assert_eq!(
            two("POST", vec![answer(OK), answer(OK)]).await,
            [Ok(200), Ok(200)]
        );
    }

    #[tokio::test]
    async fn a_connection_that_says_too_much_or_goodbye_is_not_used() {
        for first in [
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: X, Close\r\n\r\n",
            "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let both = two("GET", vec![twice(first), answer(OK)]).await;
            assert_eq!(both, [Ok(404), Ok(200)], "{first}");
        }
        let body = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n";
        let late = vec![
            ServerAct::Read,
            ServerAct::Write(body.into()),
            ServerAct::Wait(std::time::Duration::from_millis(10)),
        ];
        let late = [late, vec![ServerAct::Write(b"body".to_vec())], answer(OK)].concat();
        assert_eq!(two("HEAD", vec![late, answer(OK)]).await, [Ok(404), Ok(200)]);
    }

    #[tokio::test]
    async fn a_question_is_asked_again_if_the_server_was_just_hanging_up() {
        let hangs_up = [answer(OK), vec![ServerAct::Read]].concat();
        assert_eq!(two("GET", vec![hangs_up, answer(OK)]).await, [Ok(200), Ok(200)]);
    }

    /// What each request that changes something comes to behind one that was answered, where its connection ends after
    /// `patience`, and another one has this answer for it.
    async fn behind_a_hanging_up(patience: u64, second: &str) -> Vec<Result<u16, String>> {
        let mut came = Vec::new();
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let patience = ServerAct::Wait(std::time::Duration::from_millis(patience));
            let hangs_up = [answer(OK), vec![ServerAct::Read, patience]].concat();
            let [_, last] = two(method, vec![hangs_up, answer(second)]).await;
            came.push(last);
        }
        came
    }

    fn closed() -> Result<u16, String> {
        Err("the connection was closed before any answer".to_owned())
    }

    #[tokio::test]
    async fn what_crossed_with_the_end_of_its_connection_is_sent_again() {
        assert_eq!(behind_a_hanging_up(0, OK).await, vec![Ok(200); 4]);
    }

    #[tokio::test]
    async fn what_had_been_done_is_not_told_as_done_twice() {
        for second in ["404 Not Found", "409 Conflict", "416 Range Not Satisfiable"] {
            let second = format!("HTTP/1.1 {second}\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(behind_a_hanging_up(0, &second).await, vec![closed(); 4]);
        }
    }

    #[tokio::test]
    async fn who_hangs_up_later_has_seen_the_request() {
        assert_eq!(behind_a_hanging_up(200, OK).await, vec![closed(); 4]);
    }

    #[tokio::test]
    async fn a_new_connection_that_is_closed_is_never_hidden() {
        let both = two("GET", vec![vec![ServerAct::Read], answer(OK)]).await;
        assert_eq!(both, [closed(), Ok(200)]);
    }
}
