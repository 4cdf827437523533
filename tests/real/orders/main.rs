//! Real orders of a wholesaler, from the order desk to the last penny: every row through a serving engine over NATS, with
//! clerks who work their inboxes and adapters before sandboxes. A script of a few lines recomputes the sums from the
//! file; the run fails where they differ.
//!
//! Customers are graded by what they have paid, buy on credit, send goods back; everything goes by the day of the row.
//!
//! One customer in 39; COUNTERSIGN_REAL_ROWS=all (or a number) for more: `tests/real/run`. The file is looked for in
//! `../shared/data`, or where COUNTERSIGN_DATA says; where it is absent, rows of the same form are made up, and it says so.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a run prints its figures and shows its progress"
)]

mod adapters;
mod bank;
mod clerks;
mod figures;
mod follower;
mod line;
mod progress;
mod reports;
mod rows;
#[path = "../../support/mod.rs"]
mod support;
mod till;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use adapters::Sandboxed;
use bank::Bank;
use figures::{differences, logged, of_engine, of_file, peak_mb};
use line::Line;
use progress::Progress;
use rows::Part;
use support::{NatsServer, Serve, init_company, repository, serve_log, verify};
use till::{Taken, Till};
use world::World;

/// After so long without an event and without an answer the run is stuck.
const STUCK: Duration = Duration::from_secs(60);
/// The short form: one customer in so many, from the first month to the last; or so many rows that are made up.
const SAMPLE: u64 = 39;
const SHORT: usize = 700;
const WHOLE: usize = 25_943;

fn main() {
    // A listing of tests, as tools ask for it: this is none of the usual form.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(run());
}

/// The rows to take.
struct Input {
    file: PathBuf,
    part: Part,
    /// Said again at the end: the file is not there.
    not_run: Option<String>,
}

impl Input {
    fn find(scratch: &Path) -> Input {
        let wanted = std::env::var("COUNTERSIGN_REAL_ROWS").unwrap_or_default();
        let part = match wanted.as_str() {
            "" => Part::Sample(SAMPLE),
            "all" => Part::All,
            count => Part::First(count.parse().expect("COUNTERSIGN_REAL_ROWS is `all` or a number")),
        };
        let folder = std::env::var_os("COUNTERSIGN_DATA").map(PathBuf::from);
        let file = folder.unwrap_or_else(|| repository().join("../shared/data")).join("orders.csv.gz");
        if file.is_file() {
            return Input { file, part, not_run: None };
        }
        let seed =
            std::env::var("COUNTERSIGN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_101_201);
        let not_run = format!(
            "NOT RUN on real orders: {} is not there. The figures are of rows made up with seed {seed}.",
            file.display()
        );
        eprintln!("{not_run}");
        let file = scratch.join("orders.csv.gz");
        let count = match part {
            Part::All => WHOLE,
            Part::First(count) => count,
            Part::Sample(_) => SHORT,
        };
        rows::make(&file, count, seed);
        Input { file, part: Part::All, not_run: Some(not_run) }
    }
}

/// Everything that runs while the rows are worked on.
struct House {
    data: TempDir,
    nats: NatsServer,
    engine: Serve,
    world: Arc<World>,
    stream: async_nats::jetstream::stream::Stream,
    adapters: [Sandboxed; 2],
    answered: Arc<AtomicU64>,
    home: Arc<AtomicBool>,
    total: watch::Sender<Option<u64>>,
}

/// The hands that work in it.
struct Hands {
    till: JoinHandle<Taken>,
    follower: JoinHandle<follower::Order>,
    clerks: Vec<JoinHandle<u64>>,
}

async fn run() {
    let data = tempfile::tempdir().expect("a data directory");
    let input = Input::find(data.path());
    let rows = rows::read(&input.file, input.part);
    let (count, days) = (rows.len() as u64, rows::days(&rows));
    let house = House::open(data).await;
    let began = Instant::now();
    let mut hands = house.employ(rows).await;
    let progress = Progress::begin(count);
    let taken = house.watch(&mut hands, &progress).await;
    let published = house.settled().await;
    let seconds = began.elapsed().as_secs_f64();
    progress.end();
    let data = house.close(hands, taken, (count, published, seconds), &input).await;
    println!("  reports, computed again by pandas to the penny:");
    for line in reports::compare(data.path(), &input.file, input.part, days).lines() {
        println!("    {line}");
    }
    if let Some(not_run) = &input.not_run {
        println!("{not_run}");
    }
}

impl House {
    async fn open(data: TempDir) -> House {
        let users = ["engine", "till", "desk", "logistics", "finance", "follower"];
        let nats = NatsServer::with(&repository().join("tests/real/orders/nats.conf"), &users);
        init_company(data.path(), "workflows/wholesaler", "W02");
        let engine = Serve::start(data.path(), &nats);
        let stream = follower::stream(&nats).await;
        let adapters = adapters::start(&nats, data.path()).await;
        let world = Arc::new(World::new());
        let (answered, home) = (Arc::default(), Arc::default());
        House { data, nats, engine, world, stream, adapters, answered, home, total: watch::Sender::new(None) }
    }

    async fn employ(&self, rows: Vec<rows::Row>) -> Hands {
        let (world, stream, total) = (self.world.clone(), self.stream.clone(), self.total.subscribe());
        let follower = tokio::spawn(async move { follower::follow(stream, &world, total).await });
        let desk = Line::connect(&self.nats, "desk").await;
        let clerks = clerks::CLERKS.map(|clerk| {
            let (line, world, home) = (desk.clone(), self.world.clone(), self.home.clone());
            tokio::spawn(async move { clerk.work(line, &world, &home).await })
        });
        let (line, answered) = (Line::connect(&self.nats, "till").await, self.answered.clone());
        let (bank, world) =
            (Bank::new(self.adapters[1].office.clone(), self.world.clone()), self.world.clone());
        let till = tokio::spawn(async move { Till::new(&line, &world, bank, &answered).work(rows).await });
        Hands { till, follower, clerks: clerks.into() }
    }

    /// Watches until every row is answered and every case over.
    async fn watch(&self, hands: &mut Hands, progress: &Progress) -> Taken {
        let (mut last, mut since) = ((0, 0), Instant::now());
        let mut taken: Option<Taken> = None;
        loop {
            sleep(Duration::from_millis(100)).await;
            let (counts, answered) = (self.world.counts(), self.answered.load(Ordering::Relaxed));
            progress.show(answered, &counts);
            if hands.follower.is_finished() || hands.clerks.iter().any(JoinHandle::is_finished) {
                panic!("whoever works until the end has stopped before it\n{}", self.standing());
            }
            if taken.is_none() && hands.till.is_finished() {
                taken = Some((&mut hands.till).await.expect("the order desk comes to its end"));
            }
            if let Some(taken) = taken.take_if(|taken| counts.ended >= taken.cases) {
                return taken;
            }
            if (answered, counts.events) != last {
                (last, since) = ((answered, counts.events), Instant::now());
            }
            assert!(since.elapsed() < STUCK, "nothing has happened for {STUCK:?}\n{}", self.standing());
        }
    }

    /// What is stuck, by name.
    fn standing(&self) -> String {
        let open = self.world.open();
        let mut text = format!("{:?}\n{} cases are open:\n", self.world.counts(), open.len());
        for (case, seen) in open.iter().take(20) {
            let held = seen.held.as_ref().map(|held| format!(", held: {held}")).unwrap_or_default();
            text += &format!("  {case} {} {} stands in {}{held}\n", seen.chain, seen.key, seen.state);
        }
        for adapter in &self.adapters {
            text += &format!("{}\n", adapter.tell());
        }
        let said = std::fs::read_to_string(serve_log(self.data.path())).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        text + &lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Waits until nothing more is published. Gives how many events were.
    async fn settled(&self) -> u64 {
        let mut before = 0;
        loop {
            let published = follower::published(&self.stream).await;
            if published == before {
                return published;
            }
            before = published;
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Closes the house, and holds the figures against one another.
    async fn close(self, hands: Hands, taken: Taken, of: (u64, u64, f64), input: &Input) -> TempDir {
        let (count, published, seconds) = of;
        self.home.store(true, Ordering::Relaxed);
        let mut tasks = 0;
        for clerk in hands.clerks {
            tasks += clerk.await.expect("a clerk goes home");
        }
        self.total.send_replace(Some(published));
        let consumed = hands.follower.await.expect("the follower comes to its end");
        let left = follower::left_over(&self.nats).await;
        assert!(left.is_empty(), "expected nothing under way and no dead letter, found {left:?}");
        let peaks = [peak_mb(self.engine.pid()), peak_mb(self.nats.pid()), peak_mb(std::process::id())];
        let (counts, grades) = (self.world.counts(), self.world.grades());
        let done = |adapter: usize, verb: &str| self.adapters[adapter].done(verb);
        let work = [
            ("shipments", done(0, "shipment.create"), taken.orders),
            ("invoices", done(1, "invoice.issue"), taken.orders),
            ("goods taken back", done(0, "stock.return"), taken.returns),
            ("red-letter invoices", done(1, "invoice.credit"), taken.returns),
        ];
        for adapter in self.adapters {
            adapter.stop().await;
        }
        self.engine.stop();
        verify(self.data.path());
        let logged = logged(self.data.path());
        assert!(logged.events == consumed, "the events of the log are not those that were consumed");
        let engine = of_engine(&counts, &grades, &taken);
        let file = of_file(&input.file, input.part);
        println!("{count} rows of {}", input.file.display());
        for (name, value) in &engine {
            println!("  {name:<24}{value:>16}");
        }
        for (name, value) in [
            ("tasks answered", tasks),
            ("frames written", logged.frames),
            ("events written", logged.events.len() as u64),
            ("events published", published),
            ("events consumed", consumed.len() as u64),
        ] {
            println!("  {name:<24}{value:>16}");
        }
        println!("  {:<24}{seconds:>16.1}", "seconds");
        println!("  {:<24}{:>16.0}", "decisions a second", logged.frames as f64 / seconds);
        println!(
            "  peak memory: engine {} MB, nats-server {} MB, desks and adapters {} MB",
            peaks[0], peaks[1], peaks[2]
        );
        for (what, found, expected) in work {
            assert_eq!(found, expected, "{what} in the sandbox's own books");
        }
        let differ = differences(&engine, &file);
        assert!(differ.is_empty(), "the engine and the file disagree:\n  {}", differ.join("\n  "));
        println!("  the file, recomputed by a script of its own, says the same to the penny");
        self.data
    }
}
