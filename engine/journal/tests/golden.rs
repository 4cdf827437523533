//! The bytes of one small log, for ever: a log that was written is read by every later version.

use crate::common;

use countersign_journal::sim::SimDisk;
use countersign_journal::{Geometry, Hash, Journal, LogId, verify};

const SIZES: Geometry = Geometry { segment_bytes: 1024, group_bytes_max: 256 };
const ID: LogId = LogId(*b"golden log no. 1");

/// Bytes at the start of a sector-sized record, and its checksum at its end; zeros between.
const SEGMENT_HEADER: (&str, &str) = (
    "4353534701000000676f6c64656e206c6f67206e6f2e2031070000000000000001000000000000000004000000000000\
     00010000",
    "ea78a26b",
);
const HEAD_SLOTS: [(&str, &str); 2] = [
    (
        "4353484401000000676f6c64656e206c6f67206e6f2e203103000000000000000200000000000000b9abf543340d8713\
     9ee9f65ae76d1634527db0c61bcb0aa5b48f7eff8488ce93",
        "4d90feef",
    ),
    (
        "4353484401000000676f6c64656e206c6f67206e6f2e20310200000000000000000000000000000091ac4381bab17208\
     904573f1a9129917fe47a16fe177da24d79a5078e977fd54",
        "655cc640",
    ),
];
/// Two groups: `one` and `two` in the first, `three` in the second, in epoch 7.
const GROUPS: [&str; 2] = [
    "4353475201000000676f6c64656e206c6f67206e6f2e2031070000000000000001000000000000000200000016000000\
     91ac4381bab17208904573f1a9129917fe47a16fe177da24d79a5078e977fd54f853947903000000a60ecb496f6e6503\
     000000ec0f873174776f",
    "4353475201000000676f6c64656e206c6f67206e6f2e203107000000000000000300000000000000010000000d000000\
     b9abf543340d87139ee9f65ae76d1634527db0c61bcb0aa5b48f7eff8488ce9309a2edb805000000515b22c874687265\
     65",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| !digit.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex");
    digits.chunks(2).map(byte).collect()
}

fn sector((start, crc): (&str, &str)) -> Vec<u8> {
    let mut sector = bytes(start);
    sector.resize(508, 0);
    sector.extend(bytes(crc));
    sector
}

/// The golden files: the segment and the head record.
fn golden() -> (Vec<u8>, Vec<u8>) {
    let mut segment = sector(SEGMENT_HEADER);
    GROUPS.iter().for_each(|group| segment.extend(bytes(group)));
    segment.resize(1024, 0);
    let mut head = sector(HEAD_SLOTS[0]);
    head.resize(4096, 0);
    head.extend(sector(HEAD_SLOTS[1]));
    head.resize(8192, 0);
    (segment, head)
}

#[test]
fn the_bytes_written_are_the_golden_ones() {
    let disk = SimDisk::new(1);
    let mut journal = Journal::create(disk.storage(), ID, 7, SIZES).expect("a new log");
    journal.append_frames([b"one".as_slice(), b"two"]).expect("an append");
    journal.write_head().expect("a head record");
    journal.append_frames([b"three".as_slice()]).expect("an append");
    let (segment, head) = golden();
    assert_eq!(hex(&disk.contents("0000000001.log").expect("a segment")), hex(&segment));
    assert_eq!(hex(&disk.contents("head").expect("a head record")), hex(&head));
    assert_eq!(disk.names(), ["0000000001.log", "head"]);
}

#[test]
fn the_golden_bytes_are_read() {
    let (segment, head) = golden();
    let disk = SimDisk::new(1);
    disk.edit("0000000001.log", |bytes| bytes.clone_from(&segment));
    disk.edit("head", |bytes| bytes.clone_from(&head));
    let report = verify(&disk).expect("a whole log");
    assert_eq!((report.log_id, report.epoch, report.geometry), (ID, 7, SIZES));
    assert_eq!((report.groups, report.frames, report.head_record.sequence), (2, 3, 2));
    assert_eq!(
        common::reopen(disk.storage()).expect("a whole log"),
        [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]
    );
    // The hash of a group is BLAKE3 over its bytes, and the next group names it.
    let first = bytes(GROUPS[0]);
    let hash = Hash(*blake3::hash(&first).as_bytes());
    assert_eq!(report.head_record.hash, hash);
    assert_eq!(bytes(GROUPS[1])[48..80], hash.0);
    assert_eq!(first[48..80], Hash::genesis(ID).0);
    assert_eq!(Hash::genesis(ID).0, *blake3::hash(b"golden log no. 1").as_bytes());
}
