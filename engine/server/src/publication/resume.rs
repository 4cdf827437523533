//! Where to go on: the stream's own tail decides, then the file.
//!
//! | stream | file | |
//! |---|---|---|
//! | its last message is of our log | any | after that message |
//! | empty, created anew or as before | there | after the file |
//! | empty, never written to | missing | from the beginning |
//! | empty, but written to before | missing | hold |
//! | its last message is of another log, or of none | any | hold |
//! | its last message, or the file, is beyond our log | any | hold |
//!
//! Holding means: nothing is published, and the server says so, until somebody has looked.

use countersign_messages::{LogId, MessageId};

use super::place::{Place, Position};

/// Why nothing is published for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// A stable code.
    pub code: &'static str,
    /// What was expected, and what to do.
    pub reason: String,
}

impl Hold {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Hold {
        Hold { code, reason: reason.into() }
    }
}

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StreamState {
    /// When it was created.
    pub(super) created: String,
    /// How many messages it has.
    pub(super) messages: u64,
    /// The sequence of the last message that it ever had.
    pub(super) last_seq: u64,
}

/// The last message of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// One of an engine's.
    Of(MessageId),
    /// One of nobody known.
    Strange(String),
}

impl Tail {
    /// From its message id. Events that were published again carry their id with an ending.
    pub(super) fn of_id(id: &str) -> Tail {
        let again =
            id.rsplit_once("-r").filter(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        let parsed = again.map_or(id, |(id, _)| id).parse();
        parsed.map_or_else(|_| Tail::Strange(id.chars().take(100).collect()), Tail::Of)
    }
}

/// What is known of our own log.
pub(super) struct OwnLog<'a> {
    pub(super) log_id: &'a LogId,
    pub(super) durable: u64,
}

/// After which event to go on; none: from the beginning.
pub(super) fn judge(
    own: &OwnLog<'_>,
    stream: &StreamState,
    tail: Option<&Tail>,
    file: Option<&Position>,
) -> Result<Option<Place>, Hold> {
    match tail {
        Some(Tail::Of(id)) if id.log_id == *own.log_id => after(own, Place::of(id), "the stream"),
        Some(Tail::Of(id)) => Err(Hold::new(
            "STREAM_FOREIGN",
            format!(
                "expected a stream of log {}, its last message is of log {}: give this company another stream, or this stream to the log it belongs to",
                own.log_id, id.log_id
            ),
        )),
        Some(Tail::Strange(id)) => Err(Hold::new(
            "STREAM_FOREIGN",
            format!("expected a stream that only this engine writes to, its last message has the id {id:?}"),
        )),
        None => empty(own, stream, file),
    }
}

fn empty(own: &OwnLog<'_>, stream: &StreamState, file: Option<&Position>) -> Result<Option<Place>, Hold> {
    match file {
        Some(file) if file.log_id != *own.log_id => Err(Hold::new(
            "POSITION_FOREIGN",
            format!("expected the place of log {}, the file has that of log {}", own.log_id, file.log_id),
        )),
        Some(file) => after(own, file.place, "the file"),
        None if stream.last_seq == 0 => Ok(None),
        None => Err(Hold::new(
            "POSITION_MISSING",
            format!(
                "expected to know how far an empty stream of {} messages had come: its messages and our file are both gone; `countersign publish --from` says from where to publish",
                stream.last_seq
            ),
        )),
    }
}

fn after(own: &OwnLog<'_>, place: Place, whose: &str) -> Result<Option<Place>, Hold> {
    if place.sequence <= own.durable {
        return Ok(Some(place));
    }
    Err(Hold::new(
        "STREAM_AHEAD",
        format!(
            "expected a log that reaches to sequence {}, as {whose} does, found one up to {}: an older copy of the log was restored; a restored copy takes a new log_id and a new stream",
            place.sequence, own.durable
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_messages::Token;

    fn log(byte: u8) -> LogId {
        LogId::from_bytes(&[byte; 16])
    }

    fn stream(messages: u64, last_seq: u64) -> StreamState {
        StreamState { created: "then".into(), messages, last_seq }
    }

    fn tail(log_id: u8, sequence: u64) -> Tail {
        let company = Token::new("yuanlan").expect("a token");
        Tail::Of(MessageId { company, log_id: log(log_id), sequence, index: 2 })
    }

    fn file(log_id: u8, sequence: u64) -> Position {
        let place = Place { sequence, index: 1 };
        Position { log_id: log(log_id), created: "before".into(), place, stream_seq: 9 }
    }

    fn judged(
        stream: &StreamState,
        tail: Option<&Tail>,
        file: Option<&Position>,
    ) -> Result<Option<Place>, &'static str> {
        let own = log(1);
        judge(&OwnLog { log_id: &own, durable: 50 }, stream, tail, file).map_err(|hold| hold.code)
    }

    #[test]
    fn every_row_of_the_table() {
        let place = |sequence, index| Ok(Some(Place { sequence, index }));
        let full = stream(7, 7);
        assert_eq!(judged(&full, Some(&tail(1, 30)), None), place(30, 2));
        assert_eq!(judged(&full, Some(&tail(1, 30)), Some(&file(1, 40))), place(30, 2), "the tail decides");
        assert_eq!(judged(&full, Some(&tail(1, 30)), Some(&file(2, 40))), place(30, 2));
        assert_eq!(judged(&stream(0, 7), None, Some(&file(1, 40))), place(40, 1), "purged");
        assert_eq!(judged(&stream(0, 0), None, Some(&file(1, 40))), place(40, 1), "created anew");
        assert_eq!(judged(&stream(0, 0), None, None), Ok(None));
        assert_eq!(judged(&stream(0, 7), None, None), Err("POSITION_MISSING"));
        assert_eq!(judged(&full, Some(&tail(2, 30)), Some(&file(1, 40))), Err("STREAM_FOREIGN"));
        assert_eq!(judged(&full, Some(&Tail::of_id("hello")), None), Err("STREAM_FOREIGN"));
        assert_eq!(judged(&full, Some(&tail(1, 51)), None), Err("STREAM_AHEAD"));
        assert_eq!(judged(&stream(0, 0), None, Some(&file(1, 51))), Err("STREAM_AHEAD"));
        assert_eq!(judged(&stream(0, 0), None, Some(&file(2, 40))), Err("POSITION_FOREIGN"));
    }

    #[test]
    fn ids_of_events_that_were_published_again_name_the_same_event() {
        let id = "yuanlan-00112233445566778899aabbccddeeff-42-1";
        let Tail::Of(own) = Tail::of_id(id) else { panic!("an id of ours") };
        assert_eq!(Tail::of_id(&format!("{id}-r1745197200000")), Tail::Of(own));
        assert!(matches!(Tail::of_id(&format!("{id}-rx")), Tail::Strange(_)));
    }
}
