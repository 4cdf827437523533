//! A torn last group leaves any of its sectors: always cut, never taken for damage.

use crate::common::{new_log, read_all};
use crate::told::tell;
use countersign_journal::sim::SimDisk;
use countersign_journal::{Geometry, Journal, verify};

const SIZES: Geometry = Geometry { segment_bytes: 16 * 1024, group_bytes_max: 4096 };

/// The sectors of the last write, as the difference between two states of the files.
fn changed_sectors(before: &SimDisk, after: &SimDisk) -> Vec<(String, usize)> {
    let mut changed = Vec::new();
    for name in before.names() {
        let (old, new) = (before.contents(&name).expect("a file"), after.contents(&name).expect("a file"));
        let sectors = old.chunks(512).zip(new.chunks(512)).enumerate();
        changed.extend(sectors.filter(|(_, (old, new))| old != new).map(|(index, _)| (name.clone(), index)));
    }
    changed
}

/// Tears a group of one frame of `frame_bytes`, after one of `before_bytes`, in every way. Gives how many sectors it has.
fn tear(fill: usize, before_bytes: usize, frame_bytes: usize) -> usize {
    let (disk, mut journal) = new_log(SIZES);
    let mut kept = vec![vec![1; before_bytes]];
    kept.extend((0..fill).map(|number| vec![number as u8 + 2; 3900]));
    for frame in &kept {
        journal.append_frames([frame.as_slice()]).expect("an append");
    }
    journal.write_head().expect("a head record");
    journal.preparer().prepare_next().expect("a prepared segment");
    let before = disk.fork();
    journal.append_frames([vec![9; frame_bytes].as_slice()]).expect("an append");
    let sectors = changed_sectors(&before, &disk);
    assert!(sectors.len() <= 9);
    for survivors in 0..1_u32 << sectors.len() {
        let torn = before.fork();
        for (_, (name, sector)) in sectors.iter().enumerate().filter(|(bit, _)| survivors >> bit & 1 == 1) {
            let new = disk.contents(name).expect("a file");
            let place = sector * 512..(sector + 1) * 512;
            torn.edit(name, |bytes| bytes[place.clone()].copy_from_slice(&new[place]));
        }
        let what = format!("{fill} + {before_bytes} + {frame_bytes} bytes, survivors {survivors:b}");
        let (journal, report) =
            Journal::open(torn.storage(), None).unwrap_or_else(|error| panic!("{what}: {error}"));
        let frames = read_all(&journal.log()).expect("a whole log");
        let all = survivors + 1 == 1 << sectors.len();
        assert_eq!(frames.len(), kept.len() + usize::from(all), "{what}");
        assert_eq!(report.cut.is_some(), survivors != 0 && !all, "{what}");
        assert_eq!(frames[..kept.len()], kept, "{what}");
        assert_eq!(verify(&torn).expect("a whole log").cut, None, "{what}");
    }
    sectors.len()
}

#[test]
fn every_subset_of_the_sectors_of_the_last_group_is_cut() {
    // All places of the group's header relative to a sector border, and several sizes.
    let places = (1..=520).step_by(13).map(|before_bytes| (before_bytes, 900));
    let sectors: Vec<usize> =
        places.chain([(7, 4004), (300, 1)]).map(|(before, frame)| tear(0, before, frame)).collect();
    assert_eq!(sectors.iter().max(), Some(&9));
    let ways: u64 = sectors.iter().map(|sectors| 1 << sectors).sum();
    tell(
        5,
        &format!("a last group torn in every way, {} sizes and places: {ways} torn writes", sectors.len()),
        "cut and reported, never taken for damage; everything before it is there",
        "all cut, 0 lost before them",
    );
}

#[test]
fn a_group_torn_at_the_start_of_the_next_segment_is_cut_there() {
    // Three large groups leave too little room in the first segment.
    for before_bytes in [2500, 3000, 3800] {
        assert!(tear(3, before_bytes, 2500) >= 5);
    }
}

/// Bytes in the next segment can be a torn group only if that group found no room in this one.
#[test]
fn bytes_in_the_next_segment_are_damage_while_this_one_has_room() {
    let (disk, mut journal) = new_log(SIZES);
    journal.append_frames([b"one".as_slice()]).expect("an append");
    journal.preparer().prepare_next().expect("a prepared segment");
    disk.edit("0000000002.log", |bytes| bytes[600] = 1);
    let error = verify(&disk).expect_err("damage");
    assert_eq!(error.code(), "LOG_DAMAGED");
    assert!(error.to_string().contains("segment 2"), "{error}");
}

/// A last group whose header is damaged may be torn; two such groups are not one torn write.
#[test]
fn a_damaged_header_before_whole_groups_is_damage_even_if_one_write_could_reach_that_far() {
    let (disk, mut journal) = new_log(SIZES);
    for number in 0..5_u8 {
        journal.append_frames([[number; 30].as_slice()]).expect("an append");
    }
    let group_bytes = 84 + 8 + 30;
    for damaged in 0..4 {
        let disk = disk.fork();
        disk.edit("0000000001.log", |bytes| bytes[512 + damaged * group_bytes] ^= 1);
        let error = verify(&disk).expect_err("damage");
        let place = error.place().expect("a place");
        assert_eq!((error.code(), place.sequence), ("LOG_DAMAGED", damaged as u64 + 1), "{error}");
        assert!(error.to_string().contains(&format!("a group of sequence {}", damaged + 2)), "{error}");
    }
}
