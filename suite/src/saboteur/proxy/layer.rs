//! What lies over a registry, and what is answered because of it.

use tokio_rustls::TlsAcceptor;

use crate::saboteur::call::{Call, Reply};
use crate::saboteur::deviation::Act;
use crate::saboteur::honest::Honest;
use crate::saboteur::likeness::Likeness;
use crate::saboteur::mutation::Mutation;
use crate::saboteur::stateful::{Memory, Seen, StatefulCall};
use crate::saboteur::upstream::Upstream;
use crate::saboteur::wire::Wire;

/// How a registry is made to answer otherwise.
pub(super) enum Conduct {
    /// It does this.
    Acts(Act),
    /// It answers as another one was recorded.
    Imitates(Likeness),
    /// Its answers are changed at random.
    Mutates(Mutation),
    /// It is left as it is, and watched.
    Watches(Watcher),
}

/// Who is shown what is asked and what is answered.
pub(super) type Watcher = Box<dyn Fn(&Call, &Reply) + Send + Sync>;

/// What lies over a registry.
pub(super) struct Layer {
    conduct: Conduct,
    pub(super) honest: Honest,
    memory: Memory,
    told: Box<dyn Fn(&str) + Send + Sync>,
    /// What makes TLS of the connections of clients.
    pub(super) tls: Option<TlsAcceptor>,
}

impl Layer {
    pub(super) fn new(conduct: Conduct, over: &Upstream) -> std::io::Result<Layer> {
        Ok(Layer {
            conduct,
            honest: Honest::new(over)?,
            memory: Memory::default(),
            told: Box::new(|_| {}),
            tls: None,
        })
    }

    pub(super) fn telling(self, told: Box<dyn Fn(&str) + Send + Sync>) -> Layer {
        Layer { told, ..self }
    }

    pub(super) fn over_tls(self, tls: Option<TlsAcceptor>) -> Layer {
        Layer { tls, ..self }
    }

    /// What is answered; tells if that is because of what is done.
    pub(super) async fn answer(&self, call: Call) -> Reply {
        let (reply, is_changed) = self.answered(call.clone()).await;
        if is_changed {
            let mark = if call.query.is_empty() { "" } else { "?" };
            (self.told)(&format!("{} {}{mark}{}", call.method, call.path, call.query));
        }
        reply
    }

    /// Tells of a request that begins here.
    pub(super) fn tell_first_line(&self, asked: &[u8]) {
        let line = asked.split(|byte| *byte == b'\r').next().unwrap_or_default();
        (self.told)(String::from_utf8_lossy(line).trim_end_matches(" HTTP/1.1"));
    }

    /// What is answered, and whether that is because of what is done.
    async fn answered(&self, mut call: Call) -> (Reply, bool) {
        let changed = |call: &Call, reply: Reply, change: fn(&Call, &mut Reply)| {
            let mut other = reply.clone();
            change(call, &mut other);
            let is_changed = other != reply;
            (other, is_changed)
        };
        let act = match &self.conduct {
            Conduct::Acts(act) => *act,
            Conduct::Imitates(likeness) => {
                let mut reply = self.honest.answer(&call).await;
                likeness.imitate(&call, &mut reply);
                return (reply, false);
            }
            Conduct::Watches(seen) => {
                let reply = self.honest.answer(&call).await;
                seen(&call, &reply);
                return (reply, false);
            }
            Conduct::Mutates(mutation) => {
                let honest = self.honest.answer(&call).await;
                let mut reply = honest.clone();
                tokio::time::sleep(mutation.change(&call, &mut reply)).await;
                let is_changed = reply != honest;
                return (reply, is_changed);
            }
        };
        match act {
            Act::Reply(change) => changed(&call, self.honest.answer(&call).await, change),
            Act::Call(change) => {
                let before = call.clone();
                change(&mut call);
                (self.honest.answer(&call).await, call != before)
            }
            Act::Both(ask, change) => {
                let before = call.clone();
                ask(&mut call);
                let (reply, is_changed) = changed(&call, self.honest.answer(&call).await, change);
                (reply, is_changed || call != before)
            }
            Act::Instead(answer) => match answer(&call) {
                Some(reply) => (reply, true),
                None => (self.honest.answer(&call).await, false),
            },
            Act::Stateful(tell) => {
                let seen = Seen::default();
                let reply = tell(StatefulCall::new(call, &self.honest, &self.memory, &seen)).await;
                let is_changed = !seen.is_all_there_was(&reply);
                (reply, is_changed)
            }
            Act::Wire(wire) => changed(&call, self.honest.answer(&call).await, wire.replied),
            Act::Cut(_) => (self.honest.answer(&call).await, false),
        }
    }

    /// What is done, if nobody is imitated.
    fn act(&self) -> Option<Act> {
        match &self.conduct {
            Conduct::Acts(act) => Some(*act),
            Conduct::Imitates(_) | Conduct::Mutates(_) | Conduct::Watches(_) => None,
        }
    }

    /// What is done on the connection, if anything is.
    pub(super) fn wire(&self) -> Option<Wire> {
        match self.act()? {
            Act::Wire(wire) => Some(wire),
            _ => None,
        }
    }

    /// What is made of a request whose content is cut, if anything is.
    pub(super) fn takes_cut(&self) -> Option<fn(&mut Call)> {
        match self.act()? {
            Act::Cut(change) => Some(change),
            _ => None,
        }
    }
}
