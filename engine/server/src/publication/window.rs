//! Events under way: published, not yet acknowledged. Pure bookkeeping.

use std::collections::VecDeque;

use super::place::Place;

/// An event under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Flight {
    number: u64,
    place: Place,
    /// The frame that is out as a whole once this event is.
    completes: Option<u64>,
    /// The sequence that the stream has to give it.
    stream_seq: u64,
    answered: bool,
    settled: bool,
}

/// What the stream answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ack {
    /// It has the message under this sequence; `duplicate`: since before.
    Stored {
        /// The sequence in the stream.
        stream_seq: u64,
        /// The message was not stored now, because its id was known.
        duplicate: bool,
    },
    /// It does not take the message.
    Refused(String),
}

/// Up to where everything is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) place: Place,
    pub(super) stream_seq: u64,
    /// The last frame that is out as a whole, if one is by these.
    pub(super) completed: Option<u64>,
}

/// The events under way, in order.
#[derive(Debug, Default)]
pub(super) struct Window {
    flights: VecDeque<Flight>,
    next_number: u64,
}

impl Window {
    pub(super) fn len(&self) -> usize {
        self.flights.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// Whether an answer is still to come.
    pub(super) fn awaits(&self) -> bool {
        self.flights.iter().any(|flight| !flight.answered)
    }

    /// Forgets everything; numbers go on, so that a late answer is known as such.
    pub(super) fn clear(&mut self) {
        self.flights.clear();
    }

    /// Notes an event that is about to be published, and gives its number.
    pub(super) fn push(&mut self, place: Place, completes: Option<u64>, stream_seq: u64) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.flights.push_back(Flight {
            number,
            place,
            completes,
            stream_seq,
            answered: false,
            settled: false,
        });
        number
    }

    /// A frame without events is out once everything before it is. False: everything is, already.
    pub(super) fn completes(&mut self, sequence: u64) -> bool {
        self.flights.back_mut().map(|flight| flight.completes = Some(sequence)).is_some()
    }

    /// Takes an answer. An error: what follows cannot be relied on, the stream has to be looked at again.
    ///
    /// A message whose id the stream knows is answered with its first sequence, even where the expected last
    /// sequence is stale. If that is the sequence it should have, its first acknowledgement was lost. If it is an
    /// earlier one, the stream had the event and lost it since: it is out, and nothing was stored now.
    pub(super) fn answer(&mut self, number: u64, ack: Ack) -> Result<(), String> {
        let Some(flight) = self.flight(number) else { return Ok(()) };
        flight.answered = true;
        match ack {
            Ack::Stored { stream_seq, .. } if stream_seq == flight.stream_seq => {
                flight.settled = true;
                Ok(())
            }
            Ack::Stored { stream_seq, duplicate: true } if stream_seq < flight.stream_seq => {
                flight.settled = true;
                Err(format!("the stream had the event before, as {stream_seq}"))
            }
            Ack::Stored { stream_seq, .. } => {
                Err(format!("expected stream sequence {}, found {stream_seq}", flight.stream_seq))
            }
            Ack::Refused(why) => Err(why),
        }
    }

    /// Numbers follow one another, so that the first tells the place of all.
    fn flight(&mut self, number: u64) -> Option<&mut Flight> {
        let place = number.checked_sub(self.flights.front()?.number)?;
        self.flights.get_mut(usize::try_from(place).ok()?)
    }

    /// Takes away what is out, from the front on without a gap.
    pub(super) fn settle(&mut self) -> Option<Settled> {
        let mut settled: Option<Settled> = None;
        while let Some(flight) = self.flights.front().filter(|flight| flight.settled) {
            let completed = flight.completes.or_else(|| settled.and_then(|settled| settled.completed));
            settled = Some(Settled { place: flight.place, stream_seq: flight.stream_seq, completed });
            self.flights.pop_front();
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sequence: u64) -> Place {
        Place { sequence, index: 0 }
    }

    fn stored(stream_seq: u64) -> Ack {
        Ack::Stored { stream_seq, duplicate: false }
    }

    fn window() -> (Window, [u64; 3]) {
        let mut window = Window::default();
        let numbers = [1, 2, 3].map(|n| window.push(place(n), Some(n), 10 + n));
        (window, numbers)
    }

    #[test]
    fn nothing_is_out_before_everything_before_it_is() {
        let (mut window, [a, b, c]) = window();
        assert_eq!(window.answer(b, stored(12)), Ok(()));
        assert_eq!(window.settle(), None);
        assert_eq!(window.answer(a, stored(11)), Ok(()));
        let settled = Settled { place: place(2), stream_seq: 12, completed: Some(2) };
        assert_eq!(window.settle(), Some(settled));
        assert_eq!(window.answer(c, stored(13)), Ok(()));
        assert_eq!(window.settle().map(|settled| settled.place), Some(place(3)));
        assert!(window.is_empty());
    }

    #[test]
    fn an_acknowledgement_that_was_lost_comes_as_a_duplicate_with_the_right_sequence() {
        let (mut window, [a, ..]) = window();
        assert_eq!(window.answer(a, Ack::Stored { stream_seq: 11, duplicate: true }), Ok(()));
        assert_eq!(window.settle().map(|settled| settled.place), Some(place(1)));
    }

    #[test]
    fn a_duplicate_with_another_sequence_breaks_the_run() {
        let (mut window, [a, b, _]) = window();
        assert!(window.answer(a, Ack::Stored { stream_seq: 4, duplicate: true }).is_err());
        assert_eq!(window.settle().map(|settled| settled.place), Some(place(1)), "it was out before");
        assert!(window.answer(b, Ack::Stored { stream_seq: 99, duplicate: true }).is_err());
        assert_eq!(window.settle(), None);
    }

    #[test]
    fn a_refusal_breaks_the_run_and_answers_to_a_run_that_is_over_are_nothing() {
        let (mut window, [a, b, c]) = window();
        assert!(window.awaits());
        assert!(window.answer(a, Ack::Refused("wrong last sequence".into())).is_err());
        assert!(window.answer(b, Ack::Refused("no stream".into())).is_err() && window.awaits());
        assert!(window.answer(c, stored(13)).is_ok() && !window.awaits());
        assert_eq!(window.settle(), None);
        window.clear();
        assert_eq!(window.answer(a, stored(11)), Ok(()));
        assert_eq!((window.settle(), window.push(place(1), None, 11)), (None, 3));
    }

    #[test]
    fn a_frame_without_events_is_out_with_what_is_before_it() {
        let (mut window, numbers) = window();
        assert!(window.completes(7));
        numbers.iter().zip(11..).for_each(|(n, seq)| assert_eq!(window.answer(*n, stored(seq)), Ok(())));
        assert_eq!(window.settle().and_then(|settled| settled.completed), Some(7));
        assert!(!window.completes(8));
    }
}
