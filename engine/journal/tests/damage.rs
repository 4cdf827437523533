//! Every bit flipped, every length a file can be cut to, every file missing: found and located, never
//! accepted in silence. COUNTERSIGN_SEED draws another log; COUNTERSIGN_COUNT and COUNTERSIGN_LONG=1 flip more bits of a
//! larger one.

use crate::common::{Random, new_log, read_all, run_workload};
use crate::told::{count, seed, tell};
use countersign_journal::sim::SimDisk;
use countersign_journal::{Error, Geometry, Journal, Report, verify};

const TINY: Geometry = Geometry { segment_bytes: 2048, group_bytes_max: 512 };

/// A group of the small log, as the test computes its place.
#[derive(Debug, Clone, Copy)]
struct Placed {
    segment: u64,
    start: u64,
    end: u64,
    first: u64,
    last: u64,
}

/// A log over three segments and one prepared, what it holds, and where.
struct Small {
    disk: SimDisk,
    frames: Vec<Vec<u8>>,
    groups: Vec<Placed>,
}

impl Small {
    /// The head record covers all groups but the last `uncovered`.
    fn new(uncovered: usize) -> Small {
        let (disk, mut journal) = new_log(TINY);
        let mut random = Random::new(seed(3));
        let (mut frames, mut groups, mut segment, mut end) = (Vec::new(), Vec::new(), 1, 512);
        let total = 16;
        for number in 0..total {
            let mut group = journal.group();
            let first = frames.len() as u64 + 1;
            for index in 0..=random.below(2) {
                let frame = random.frame(number as u64 * 4 + index, 180);
                group.push(&frame).expect("room");
                frames.push(frame);
            }
            let bytes = group.bytes() as u64;
            if end + bytes > TINY.segment_bytes {
                (segment, end) = (segment + 1, 512);
            }
            groups.push(Placed { segment, start: end, end: end + bytes, first, last: frames.len() as u64 });
            end += bytes;
            journal.append(&mut group).expect("an append");
            if number + 1 + uncovered == total {
                journal.write_head().expect("a head record");
            }
        }
        assert!(segment >= 3, "over several segments");
        journal.preparer().prepare_next().expect("a prepared segment");
        assert_eq!(verify(&disk).expect("a whole log").groups, total as u64);
        Small { disk, frames, groups }
    }

    fn last(&self) -> Placed {
        *self.groups.last().expect("a group")
    }

    /// Frames before the last group.
    fn kept(&self) -> usize {
        usize::try_from(self.last().first - 1).expect("few frames")
    }

    fn segments(&self) -> u64 {
        self.disk.names().iter().filter(|name| name.ends_with(".log")).count() as u64
    }

    fn group_at(&self, segment: u64, offset: u64) -> Option<Placed> {
        let holds = |group: &&Placed| group.segment == segment && (group.start..group.end).contains(&offset);
        self.groups.iter().find(holds).copied()
    }

    /// A group may end in zeros: writing zeros over them changes nothing.
    fn same_bytes(&self, disk: &SimDisk) -> bool {
        self.disk.names().iter().all(|name| self.disk.contents(name) == disk.contents(name))
    }

    /// What opening and verifying say, which must be the same, and the frames that are left.
    fn judge(&self, disk: &SimDisk) -> Result<(Report, Vec<Vec<u8>>), Error> {
        let verified = verify(disk);
        let opened = Journal::open(disk.storage(), None);
        match (verified, opened) {
            (Ok(verified), Ok((journal, report))) => {
                assert_eq!(verified, report);
                let frames = read_all(&journal.log())?;
                drop(journal);
                let again = verify(disk).expect("a whole log");
                assert_eq!((again.cut, again.last_sequence), (None, report.last_sequence), "cut for good");
                Ok((report, frames))
            }
            (Err(verified), Err(opened)) => {
                assert_eq!(verified.to_string(), opened.to_string());
                Err(verified)
            }
            (verified, opened) => {
                panic!("verify: {verified:?}, open: {:?}", opened.map(|(_, report)| report))
            }
        }
    }
}

fn segment_name(number: u64) -> String {
    format!("{number:010}.log")
}

fn flipped(disk: &SimDisk, name: &str, bit: u64) -> SimDisk {
    let disk = disk.fork();
    disk.edit(name, |bytes| bytes[usize::try_from(bit / 8).expect("small")] ^= 1 << (bit % 8));
    disk
}

/// The damage is in `group`, which is not the last: refused, and the place named.
fn assert_located(found: Result<(Report, Vec<Vec<u8>>), Error>, group: Placed, what: &str) {
    let error = found.expect_err(what);
    let place = error.place().unwrap_or_else(|| panic!("{what}: {error}"));
    assert_eq!(error.code(), "LOG_DAMAGED", "{what}: {error}");
    assert_eq!(place.segment, group.segment, "{what}: {error}");
    assert!((group.start..group.end).contains(&place.offset), "{what}: {error}, in {group:?}");
    assert!((group.first..=group.last).contains(&place.sequence), "{what}: {error}, in {group:?}");
    let words = format!("segment {}, offset {}, sequence {}", place.segment, place.offset, place.sequence);
    assert!(error.to_string().contains(&words), "{error}");
}

#[test]
fn every_flipped_bit_of_a_group_before_the_last_is_located() {
    let small = Small::new(1);
    let mut flips = 0;
    for group in &small.groups[..small.groups.len() - 1] {
        for bit in group.start * 8..group.end * 8 {
            let disk = flipped(&small.disk, &segment_name(group.segment), bit);
            assert_located(small.judge(&disk), *group, &format!("segment {}, bit {bit}", group.segment));
            flips += 1;
        }
    }
    told_flips(flips, "every group before the last", "refused, with segment, offset and sequence");
}

#[test]
fn every_flipped_bit_of_the_last_group_is_cut_and_reported_or_refused() {
    for (uncovered, covered) in [(1, false), (0, true)] {
        let small = Small::new(uncovered);
        let last = small.last();
        for bit in last.start * 8..last.end * 8 {
            let judged = small.judge(&flipped(&small.disk, &segment_name(last.segment), bit));
            if covered {
                assert_eq!(judged.expect_err("covered").code(), "LOG_TAIL_CUT", "bit {bit}");
                continue;
            }
            let (report, frames) = judged.unwrap_or_else(|error| panic!("bit {bit}: {error}"));
            let cut = report.cut.unwrap_or_else(|| panic!("bit {bit} was accepted in silence"));
            assert_eq!(
                (cut.segment, cut.offset, cut.last_sequence),
                (last.segment, last.start, last.first - 1)
            );
            // A group may end in zeros, which nobody can count.
            assert!(cut.bytes <= last.end - last.start && cut.bytes > 40);
            assert_eq!(frames, small.frames[..small.kept()]);
        }
        let found = if covered { "refused: the head record covers it" } else { "cut and reported" };
        told_flips((last.end - last.start) * 8, "the last group", found);
    }
}

#[test]
fn every_flipped_bit_outside_the_groups_is_refused_or_reported() {
    let small = Small::new(0);
    let last = small.last();
    let mut flips = 0;
    for segment in 1..=small.segments() {
        for bit in 0..TINY.segment_bytes * 8 {
            if small.group_at(segment, bit / 8).is_some() {
                continue;
            }
            flips += 1;
            let what = format!("segment {segment}, bit {bit}");
            match small.judge(&flipped(&small.disk, &segment_name(segment), bit)) {
                Err(error) => {
                    assert_eq!(error.code(), "LOG_DAMAGED", "{what}: {error}");
                    let place = error.place().expect("a place");
                    // A bit after the last group says nothing about which of both segments it belongs to.
                    assert!(
                        (last.segment.min(segment)..=segment).contains(&place.segment),
                        "{what}: {error}"
                    );
                }
                Ok((report, frames)) => {
                    let cut = report.cut.unwrap_or_else(|| panic!("{what} was accepted in silence"));
                    let torn =
                        cut.segment == segment && bit / 8 < cut.offset + u64::from(TINY.group_bytes_max);
                    assert!(torn && segment >= last.segment && bit / 8 >= 512, "{what}: {cut:?}");
                    assert_eq!(frames, small.frames, "{what}");
                }
            }
        }
    }
    told_flips(flips, "segment headers and what is not written yet", "refused, or cut and reported");
}

#[test]
fn every_flipped_bit_of_the_head_record_is_reported_and_the_other_slot_used() {
    let small = Small::new(0);
    let bits = small.disk.contents("head").expect("a head record").len() as u64 * 8;
    for bit in 0..bits {
        let (report, frames) =
            small.judge(&flipped(&small.disk, "head", bit)).expect("the other slot is whole");
        assert_eq!((report.head_slots_damaged, report.cut), (1, None), "bit {bit}");
        assert_eq!(frames, small.frames);
    }
    told_flips(bits, "the head record", "reported, the other slot used");
    let both = flipped(&flipped(&small.disk, "head", 99), "head", 4096 * 8 + 99);
    assert_eq!(small.judge(&both).expect_err("no slot").code(), "LOG_DAMAGED");
}

#[test]
fn a_damaged_head_slot_is_the_next_to_be_written() {
    let small = Small::new(0);
    for slot in [0, 4096] {
        let disk = flipped(&small.disk, "head", slot * 8 + 300);
        let (mut journal, report) = Journal::open(disk.storage(), None).expect("the other slot is whole");
        assert_eq!(report.head_slots_damaged, 1);
        journal.write_head().expect("a head record");
        let report = verify(&disk).expect("a whole log");
        assert_eq!((report.head_slots_damaged, report.head_record), (0, report.head));
    }
}

#[test]
fn every_truncation_is_refused_and_located() {
    let mut cuts = 0;
    for uncovered in [0, 1] {
        let small = Small::new(uncovered);
        cuts += small.segments() * TINY.segment_bytes + 8192;
        for segment in 1..=small.segments() {
            for bytes in 0..TINY.segment_bytes {
                let disk = small.disk.fork();
                disk.edit(&segment_name(segment), |contents| contents.truncate(bytes as usize));
                let what = format!("segment {segment}, {bytes} bytes left");
                if let Some(group) = small.group_at(segment, bytes) {
                    let error = small.judge(&disk).expect_err(&what);
                    let place = error.place().unwrap_or_else(|| panic!("{what}: {error}"));
                    assert_eq!((place.segment, place.offset), (segment, group.start), "{what}: {error}");
                    assert_eq!(
                        (error.code(), place.sequence),
                        ("LOG_DAMAGED", group.first),
                        "{what}: {error}"
                    );
                } else {
                    let error = small.judge(&disk).expect_err(&what);
                    assert_eq!(error.code(), "LOG_DAMAGED", "{what}: {error}");
                    assert_eq!(error.place().expect("a place").segment, segment, "{what}: {error}");
                }
            }
        }
        for bytes in 0..8192 {
            let disk = small.disk.fork();
            disk.edit("head", |contents| contents.truncate(bytes));
            assert_eq!(small.judge(&disk).expect_err("too short").code(), "LOG_DAMAGED");
        }
    }
    let done =
        format!("every length that a file of a small log can be cut to, seed {}: {cuts} cuts", seed(3));
    tell(5, &done, "opened and verified alike; code and place", "refused and located, 0 accepted in silence");
}

/// A log of many segments: bits drawn at random. Whatever comes of one is told, and nothing is opened that nobody wrote.
#[test]
fn bits_flipped_at_random_in_a_larger_log_are_never_accepted_in_silence() {
    let (seed, flips) = (seed(11), count(500, 20_000));
    let disk = SimDisk::new(seed);
    let (oracle, journal) = run_workload(&disk, seed, 60);
    drop(journal.expect("a whole log"));
    let before = verify(&disk).expect("a whole log");
    let names = disk.names();
    let mut random = Random::new(seed);
    let (mut refused, mut reported) = (0_u64, 0_u64);
    for flip in 0..flips {
        let name = &names[random.below(names.len() as u64) as usize];
        let bits = disk.contents(name).expect("a file").len() as u64 * 8;
        let bit = random.below(bits);
        let what = format!("seed {seed}, flip {flip}: {name}, bit {bit}");
        let damaged = flipped(&disk, name, bit);
        match (verify(&damaged), Journal::open(damaged.storage(), None)) {
            (Err(error), Err(opened)) => {
                assert_eq!(error.to_string(), opened.to_string(), "{what}");
                assert!(error.place().is_some() || error.code() == "LOG_TAIL_CUT", "{what}: {error}");
                refused += 1;
            }
            (Ok(report), Ok((journal, _))) => {
                let told = report.cut.is_some() || report.head_slots_damaged > before.head_slots_damaged;
                assert!(told, "{what} was accepted in silence");
                let frames = read_all(&journal.log()).expect("what was opened can be read");
                assert!(oracle.acknowledged.starts_with(&frames), "{what}: frames that nobody wrote");
                reported += 1;
            }
            (verified, opened) => panic!("{what}: {verified:?}, opened: {}", opened.is_ok()),
        }
    }
    let done = format!("{flips} bits drawn of a log of {} files, seed {seed}", names.len());
    let looked_at =
        "refused with a place, or opened with only what was written and a report of what is wrong";
    tell(5, &done, looked_at, &format!("{refused} refused, {reported} reported, 0 accepted in silence"));
}

/// One row: every bit of a part of the small log.
fn told_flips(flips: u64, part: &str, found: &str) {
    let done = format!("every bit of {part} of a small log, seed {}: {flips} flips", seed(3));
    tell(5, &done, "opened and verified alike; code, place, frames that are left", found);
}

/// A tail that was overwritten with zeros looks like a log that ended there: only the head record knows.
#[test]
fn every_tail_lost_is_refused_as_far_as_the_head_record_covers_it() {
    let covering = Small::new(0);
    for group in &covering.groups {
        for from in group.start..group.end {
            let disk = covering.disk.fork();
            for segment in group.segment..=covering.segments() {
                let start = if segment == group.segment { from } else { 512 };
                disk.edit(&segment_name(segment), |bytes| bytes[start as usize..].fill(0));
            }
            if covering.same_bytes(&disk) {
                continue;
            }
            let error = covering.judge(&disk).expect_err("covered");
            assert_eq!(error.code(), "LOG_TAIL_CUT", "{error}");
            assert!(error.to_string().contains(&format!("sequence {}", covering.frames.len())), "{error}");
        }
    }
    let small = Small::new(1);
    let last = small.last();
    let name = segment_name(last.segment);
    for from in last.start + 1..last.end {
        let disk = small.disk.fork();
        disk.edit(&name, |bytes| bytes[from as usize..].fill(0));
        if small.same_bytes(&disk) {
            continue;
        }
        let (report, frames) = small.judge(&disk).expect("not covered");
        assert_eq!(report.cut.expect("reported").offset, last.start);
        assert_eq!(frames, small.frames[..small.kept()]);
    }
}

#[test]
fn missing_and_exchanged_files_are_refused() {
    let small = Small::new(0);
    for segment in 1..small.segments() {
        let disk = small.disk.fork();
        disk.remove(&segment_name(segment));
        let error = small.judge(&disk).expect_err("a segment is missing");
        assert_eq!(error.code(), "LOG_DAMAGED", "{error}");
        assert_eq!(error.place().expect("a place").segment, segment, "{error}");
    }
    let disk = small.disk.fork();
    disk.remove("head");
    assert_eq!(small.judge(&disk).expect_err("no head record").code(), "LOG_DAMAGED");
    let (one, two) = (segment_name(1), segment_name(2));
    let second = small.disk.contents(&two).expect("a segment");
    let disk = small.disk.fork();
    disk.edit(&one, |bytes| bytes.clone_from(&second));
    assert_eq!(small.judge(&disk).expect_err("the wrong segment").code(), "LOG_DAMAGED");
    // The last segments gone, with the one that was prepared.
    let disk = small.disk.fork();
    (small.last().segment..=small.segments()).for_each(|segment| disk.remove(&segment_name(segment)));
    assert_eq!(small.judge(&disk).expect_err("the tail is gone").code(), "LOG_TAIL_CUT");
}

#[test]
fn foreign_and_unknown_bytes_are_named() {
    let small = Small::new(0);
    let other = SimDisk::new(1);
    let id = countersign_journal::LogId([0xab; 16]);
    let mut journal = Journal::create(other.storage(), id, 1, TINY).expect("a new log");
    journal.append_frames([b"foreign".as_slice()]).expect("an append");
    let foreign = other.contents(&segment_name(1)).expect("a segment");
    let disk = small.disk.fork();
    disk.edit(&segment_name(2), |bytes| bytes.clone_from(&foreign));
    let error = small.judge(&disk).expect_err("a foreign segment");
    assert!(error.code() == "LOG_FOREIGN" && error.to_string().contains(&id.to_string()), "{error}");
    let disk = small.disk.fork();
    let last = small.last();
    let (start, end) = (last.end as usize, last.end as usize + 100);
    disk.edit(&segment_name(last.segment), |bytes| bytes[start..end].copy_from_slice(&foreign[512..612]));
    assert_eq!(small.judge(&disk).expect_err("a foreign group").code(), "LOG_FOREIGN");

    // A later format: the number changed, and the checksum right.
    let disk = small.disk.fork();
    disk.edit(&segment_name(1), |bytes| {
        bytes[4] = 2;
        let crc = crc32c::crc32c(&bytes[..508]);
        bytes[508..512].copy_from_slice(&crc.to_le_bytes());
    });
    let error = small.judge(&disk).expect_err("a later format");
    assert!(error.code() == "LOG_FORMAT_UNKNOWN" && error.to_string().contains("format 2"), "{error}");
}

/// Bytes changed with their checksum: only the chain of hashes, or the head record, knows.
#[test]
fn a_frame_forged_with_its_checksum_breaks_the_chain() {
    let small = Small::new(0);
    for (index, group) in small.groups.iter().enumerate() {
        let disk = small.disk.fork();
        disk.edit(&segment_name(group.segment), |bytes| {
            let header = group.start as usize + 84;
            let length: [u8; 4] = bytes[header..header + 4].try_into().expect("four bytes");
            let frame = header + 8..header + 8 + u32::from_le_bytes(length) as usize;
            bytes[frame.start] ^= 1;
            let crc = crc32c::crc32c_append(crc32c::crc32c(&length), &bytes[frame]);
            bytes[header + 4..header + 8].copy_from_slice(&crc.to_le_bytes());
        });
        let error = small.judge(&disk).expect_err("forged");
        let place = error.place().expect("a place");
        match small.groups.get(index + 1) {
            Some(next) => {
                assert_eq!((error.code(), place.sequence), ("LOG_DAMAGED", next.first), "{error}");
                assert!(error.to_string().contains("follows the hash"), "{error}");
            }
            None => assert_eq!((error.code(), place.sequence), ("LOG_TAIL_CUT", group.first), "{error}"),
        }
    }
}
