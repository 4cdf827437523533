//! The durable log as published events, in order: what the stream and the in-process bus are both fed from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use countersign_core::command::CaseNo;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_runtime::{EngineHandle, LogReader, LogView, ReadError};

use crate::render::{Belongs, Published, Publisher};

/// Reads frames from a place in the log on and gives their events as they are published.
pub(crate) struct Source {
    handle: EngineHandle,
    publisher: Publisher,
    reader: LogReader,
    chains: Chains,
    /// A larger body is shortened.
    body_bytes_max: usize,
}

impl Source {
    /// From the frame `from` on, which may be one beyond the durable end.
    pub(crate) fn new(
        handle: EngineHandle,
        publisher: Publisher,
        from: u64,
        body_bytes_max: usize,
    ) -> Result<Source, ReadError> {
        let reader = handle.log().reader(from)?;
        Ok(Source { handle, publisher, reader, chains: Chains::default(), body_bytes_max })
    }

    /// Goes to another place, without forgetting what it knows.
    pub(crate) fn seek(&mut self, from: u64) -> Result<(), ReadError> {
        self.reader = self.handle.log().reader(from)?;
        Ok(())
    }

    /// The events of the next frame, awaiting it. None: the engine has ended.
    pub(crate) async fn next(&mut self) -> Result<Option<(u64, Vec<Published>)>, ReadError> {
        while self.wait().await {
            if let Some(found) = self.ready().await? {
                return Ok(Some(found));
            }
        }
        self.ready().await
    }

    /// Waits until the next frame is durable. False: the engine has ended before it was. May be given up at any time.
    pub(crate) async fn wait(&self) -> bool {
        let next = self.reader.next_sequence();
        let mut durable = self.handle.log().watch();
        let there = durable.wait_for(|durable| *durable >= next).await.is_ok();
        there || self.handle.log().durable() >= next
    }

    /// The events of the next frame, if it is durable. Not to be given up half-way.
    pub(crate) async fn ready(&mut self) -> Result<Option<(u64, Vec<Published>)>, ReadError> {
        match self.reader.read()? {
            Some((sequence, frame)) => {
                let events = self.published(sequence, &frame).await?;
                Ok(Some((sequence, events)))
            }
            None => Ok(None),
        }
    }

    async fn published(&mut self, sequence: u64, frame: &Frame) -> Result<Vec<Published>, ReadError> {
        let mut published = Vec::with_capacity(frame.events.len());
        for (index, event) in frame.events.iter().enumerate() {
            let of = match event.case() {
                Some(case) => self.chains.of(&self.handle, case, sequence, frame).await?,
                None => None,
            };
            let whole = self.publisher.event(sequence, frame, index, of.as_ref());
            let fits = whole.filter(|event| event.body.len() <= self.body_bytes_max);
            published.extend(fits.or_else(|| self.publisher.shortened(sequence, frame, index, of.as_ref())));
        }
        self.chains.forget_ended(frame);
        Ok(published)
    }
}

/// The chain and the order of each open case, as far as they were needed.
#[derive(Default)]
struct Chains {
    known: BTreeMap<CaseNo, Belongs>,
    names: BTreeSet<Name>,
}

impl Chains {
    /// What a case belongs to. A case that began before this reader did is looked up once: in the views, which keep
    /// every case, or else in the log.
    async fn of(
        &mut self,
        handle: &EngineHandle,
        case: CaseNo,
        sequence: u64,
        frame: &Frame,
    ) -> Result<Option<Belongs>, ReadError> {
        if let Some(of) = self.known.get(&case) {
            return Ok(Some(of.clone()));
        }
        self.learn_from_frame(frame);
        if let Some(of) = self.known.get(&case) {
            return Ok(Some(of.clone()));
        }
        let row = handle.views().and_then(|views| views.case(case).ok().flatten());
        match row {
            Some(row) => self.learn(case, &row.chain, row.correlation),
            None => self.learn_from_log(handle.log().clone(), sequence).await?,
        }
        Ok(self.known.get(&case).cloned())
    }

    /// Cases that begin in a frame. One that another case starts is of that one's order, which its parent says right
    /// after the case's own first event.
    fn learn_from_frame(&mut self, frame: &Frame) {
        for event in &frame.events {
            match event {
                Event::CaseSubmitted(e) => self.learn(e.case, &e.chain, e.case),
                Event::ChildStarted(e) => self.learn(e.child, &e.chain, e.correlation),
                _ => {}
            }
        }
    }

    fn learn(&mut self, case: CaseNo, chain: &Name, root: CaseNo) {
        let chain = match self.names.get(chain) {
            Some(known) => known.clone(),
            None => {
                self.names.insert(chain.clone());
                chain.clone()
            }
        };
        self.known.insert(case, Belongs { chain, root });
    }

    /// Folds the log up to a sequence: every case that was open there.
    async fn learn_from_log(&mut self, log: LogView, until: u64) -> Result<(), ReadError> {
        let fold = tokio::task::spawn_blocking(move || -> Result<Chains, ReadError> {
            let mut chains = Chains::default();
            let mut reader = log.reader(1)?;
            while let Some((sequence, frame)) = reader.read()? {
                if sequence >= until {
                    break;
                }
                chains.learn_from_frame(&frame);
                chains.forget_ended(&frame);
            }
            Ok(chains)
        });
        if let Ok(found) = fold.await {
            let found = found?;
            found.known.iter().for_each(|(case, of)| self.learn(*case, &of.chain, of.root));
        }
        Ok(())
    }

    /// Nothing is told of a case after its end.
    fn forget_ended(&mut self, frame: &Frame) {
        for event in &frame.events {
            if let Event::CaseEnded(_) | Event::CaseWithdrawn(_) = event {
                event.case().map(|case| self.known.remove(&case));
            }
        }
    }
}

/// An event that several receivers share.
pub(crate) type Shared = Arc<Published>;
