//! An adapter of the kit before its sandbox, on a line within the process. It is killed as a process is: nothing comes
//! to its end, only the ledger and what the back office did are left.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_adapter::sandbox::{Fault, Faults, Office, Rules};
use countersign_adapter::time::{Clock as AdapterClock, Moment};
use countersign_adapter::transport::in_process::pair;
use countersign_adapter::{Adapter, BackOffice, Declaration, Ledger, Running, Schedule, Settings};
use countersign_messages::Token;
use countersign_runtime::{Clock, ManualClock};
use countersign_server::{Bus, Taken};
use tokio::task::JoinHandle;

use super::house::steady;
use crate::support::Dice;

/// Commands and publications that may wait on a line.
const LINE: usize = 256;

/// The engine's clock, for adapters and sandboxes.
#[derive(Clone)]
pub(crate) struct Hands(pub(crate) ManualClock);

impl AdapterClock for Hands {
    fn now(&self) -> Moment {
        Moment::from_millisecond(self.0.wall().0).expect("a time of the calendar")
    }
}

/// A place where an adapter works, whether one is alive or not.
pub(crate) struct Post {
    pub(crate) name: &'static str,
    declaration: &'static Declaration,
    office: Arc<dyn BackOffice>,
    set_faults: Box<dyn Fn(Faults)>,
    ledger: PathBuf,
    clock: Hands,
    bus: Bus,
    alive: Option<Alive>,
}

struct Alive {
    running: Running,
    carriers: [JoinHandle<()>; 2],
}

impl Post {
    /// A post before this sandbox; nobody works there yet.
    pub(crate) fn new<R: Rules + 'static>(
        declaration: &'static Declaration,
        office: &Office<R>,
        ledger: PathBuf,
        clock: Hands,
        bus: Bus,
    ) -> Post {
        let faulty = office.clone();
        Post {
            name: declaration.adapter,
            declaration,
            office: Arc::new(office.clone()),
            set_faults: Box::new(move |faults| faulty.sandbox().set_faults(faults)),
            ledger,
            clock,
            bus,
            alive: None,
        }
    }

    /// How the back office misbehaves from now on.
    pub(crate) fn faults(&self, faults: Faults) {
        (self.set_faults)(faults);
    }

    /// An adapter begins, with the ledger that the one before has left. Nothing, if one is at work.
    pub(crate) async fn start(&mut self) {
        if self.alive.is_some() {
            return;
        }
        let (transport, mut line) = pair(LINE);
        let mut said = std::mem::replace(&mut line.publications, tokio::sync::mpsc::channel(1).1);
        let mut commands = self.bus.connect(&token(self.name), LINE);
        let there = tokio::spawn(async move {
            while let Some(command) = commands.recv().await {
                if !line.deliver(&command.subject, command.payload).await {
                    return;
                }
            }
        });
        let bus = self.bus.clone();
        let back = tokio::spawn(async move {
            while let Some(outgoing) = said.recv().await {
                let message = outgoing.message.clone();
                while let Taken::Later(pause) = take(&bus, &message.subject, &message.payload).await {
                    tokio::time::sleep(pause).await;
                }
                outgoing.taken();
            }
        });
        let adapter = Adapter {
            declaration: self.declaration,
            company: token("wholesaler"),
            office: self.office.clone(),
            ledger: opened(&self.ledger).await,
            clock: Arc::new(self.clock.clone()),
            settings: settings(),
        };
        self.alive = Some(Alive { running: adapter.start(transport), carriers: [there, back] });
    }

    /// `kill -9`. False: nobody was there.
    pub(crate) fn kill(&mut self) -> bool {
        let Some(Alive { running, carriers }) = self.alive.take() else { return false };
        carriers.iter().for_each(JoinHandle::abort);
        drop(running);
        true
    }
}

/// Hands something over to the engine as if an adapter had said it.
pub(crate) async fn take(bus: &Bus, subject: &str, payload: &[u8]) -> Taken {
    let (bus, subject, payload) = (bus.clone(), subject.to_owned(), payload.to_vec());
    steady(async move { bus.take(&subject, &payload).await }).await
}

pub(crate) fn token(text: &str) -> Token {
    Token::new(text).expect("a token")
}

/// Opens a ledger; threads of a killed adapter may still be closing it.
async fn opened(path: &std::path::Path) -> Ledger {
    for _ in 0..2_000 {
        match Ledger::open(path) {
            Ok(ledger) => return ledger,
            Err(error) => assert!(error.to_string().contains("already open"), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the ledger of a killed adapter stays open");
}

fn settings() -> Settings {
    Settings {
        retry: Schedule { first: Duration::from_secs(5), most: Duration::from_secs(300) },
        tries_max: 8,
        call_within: Duration::from_secs(60),
        news_every: Duration::from_secs(30),
        ..Settings::default()
    }
}

/// How a back office misbehaves until the next change: mostly a mixture of everything, sometimes the kit's own, now
/// and then it is away or all is well.
pub(crate) fn weather(dice: &mut Dice) -> (&'static str, Faults) {
    match dice.below(10) {
        0..=5 => {
            let faults: Vec<Fault> = (0..400).map(|_| fault(dice)).collect();
            ("mixture", Faults::script(faults))
        }
        6 | 7 => ("seeded", Faults::seeded(dice.below(u64::MAX), 40)),
        8 => ("away", Faults::always(Fault::Down)),
        _ => ("well", Faults::none()),
    }
}

/// Two calls of three go well. Answers may come so late that the case no longer waits.
fn fault(dice: &mut Dice) -> Fault {
    let minutes = |count: u64| Duration::from_secs(count * 60);
    match dice.below(36) {
        0 | 1 => Fault::Down,
        2 | 3 => Fault::Slow(Duration::from_secs(1 + dice.below(100))),
        4 | 5 => Fault::Twice,
        6 | 7 => Fault::Late(minutes(dice.below(50))),
        8 | 9 => Fault::Lost,
        10 => Fault::Garbage,
        11 => Fault::Conflict,
        _ => Fault::None,
    }
}
