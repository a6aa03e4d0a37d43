//! What can be done on a connection: to the bytes that come, to the bytes that go, and to how many there are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::call::{Call, Reply};

/// How many bytes are passed on at once.
const PIECE: usize = 64 * 1024;

/// A way to lie on a connection, or to be different there.
#[derive(Clone, Copy, Debug)]
pub struct Wire {
    /// What it does to an answer before that is sent.
    pub replied: fn(&Call, &mut Reply),
    /// What it does to a piece of what the client sends.
    pub asked: fn(&mut Vec<u8>) -> Then,
    /// What it does to a piece of an answer, knowing the piece that was asked last.
    pub answered: fn(&[u8], &mut Vec<u8>) -> Then,
    /// How many requests it can be in the middle of at once.
    pub at_most: usize,
}

/// How a connection goes on behind a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It stays open.
    GoOn,
    /// It is closed.
    Close,
}

impl Wire {
    /// A connection that does not lie.
    pub const HONEST: Wire = Wire {
        replied: |_, _| {},
        asked: |_| Then::GoOn,
        answered: |_, _| Then::GoOn,
        at_most: 1024,
    };

    /// Passes bytes between a client and the registry until one of them has enough. `told` is told of a request that was
    /// changed, or whose answer was.
    pub(super) async fn pass(
        self,
        client: TcpStream,
        registry: DuplexStream,
        places: Arc<Semaphore>,
        told: &(dyn Fn(&[u8]) + Send + Sync),
    ) {
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_registry, mut to_registry) = tokio::io::split(registry);
        let last = Arc::new(Mutex::new(Vec::new()));
        let seen = last.clone();
        let place = Arc::new(Mutex::new(None));
        let taken = place.clone();
        let asks = async move {
            let mut piece = vec![0; PIECE];
            while let Ok(length @ 1..) = from_client.read(&mut piece).await {
                let mut bytes = piece.get(..length).unwrap_or_default().to_vec();
                if locked(&taken).is_none() {
                    let held = places.clone().acquire_owned().await.ok();
                    *locked(&taken) = held;
                }
                locked(&seen).clone_from(&bytes);
                let then = (self.asked)(&mut bytes);
                if then == Then::Close || Some(&*bytes) != piece.get(..length) {
                    told(&bytes);
                }
                if then == Then::Close || to_registry.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            let _ = to_registry.shutdown().await;
            // What was asked before the client fell silent is still answered.
            std::future::pending::<()>().await;
        };
        let answers = async move {
            let mut piece = vec![0; PIECE];
            while let Ok(length @ 1..) = from_registry.read(&mut piece).await {
                let mut bytes = piece.get(..length).unwrap_or_default().to_vec();
                let asked = locked(&last).clone();
                *locked(&place) = None;
                let then = (self.answered)(&asked, &mut bytes);
                if then == Then::Close || Some(&*bytes) != piece.get(..length) {
                    told(&asked);
                }
                if to_client.write_all(&bytes).await.is_err() || then == Then::Close {
                    return;
                }
            }
        };
        tokio::select! {
            () = asks => {}
            () = answers => {}
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
