//! Random histories against a plain list of frames.

use crate::common::{LOG_ID, SMALL, read_all};
use countersign_journal::sim::SimDisk;
use countersign_journal::{Journal, verify};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    /// Sizes of the frames of a group.
    Append(Vec<usize>),
    Prepare,
    WriteHead,
    Reopen,
    /// From the snapshot at this part of the log, in thousandths.
    ReopenFrom(usize),
    CutPower,
    ReadOne(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::collection::vec(1_usize..700, 1..4).prop_map(Step::Append),
        1 => Just(Step::Prepare),
        1 => Just(Step::WriteHead),
        1 => Just(Step::Reopen),
        1 => (0_usize..1000).prop_map(Step::ReopenFrom),
        1 => Just(Step::CutPower),
        2 => (0_usize..1000).prop_map(Step::ReadOne),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_history_leaves_the_frames_of_the_model(
        steps in proptest::collection::vec(step(), 1..80),
        seed in any::<u64>(),
    ) {
        let disk = SimDisk::new(seed);
        let mut journal = Journal::create(disk.storage(), LOG_ID, 1, SMALL).expect("a new log");
        let (mut model, mut heads): (Vec<Vec<u8>>, _) = (Vec::new(), vec![journal.head()]);
        for step in steps {
            match step {
                Step::Append(sizes) => {
                    let frames: Vec<Vec<u8>> =
                        (model.len()..).zip(sizes).map(|(name, bytes)| vec![name as u8; bytes]).collect();
                    let appended = journal.append_frames(frames.iter().map(Vec::as_slice)).expect("an append");
                    prop_assert_eq!(appended.first_sequence, model.len() as u64 + 1);
                    model.extend(frames);
                    prop_assert_eq!(appended.last_sequence, model.len() as u64);
                    heads.push(journal.head());
                }
                Step::Prepare => drop(journal.preparer().prepare_next().expect("a segment")),
                Step::WriteHead => journal.write_head().expect("a head record"),
                Step::ReadOne(part) if !model.is_empty() => {
                    let index = part * model.len() / 1000;
                    let frame = journal.log().read_frame(index as u64 + 1).expect("a frame");
                    prop_assert_eq!(&frame, &model[index]);
                }
                Step::ReadOne(_) => {}
                Step::Reopen | Step::ReopenFrom(_) | Step::CutPower => {
                    if matches!(step, Step::CutPower) {
                        disk.cut_power();
                        disk.power_on();
                    }
                    let from = match step {
                        Step::ReopenFrom(part) => heads.get(part * heads.len() / 1000),
                        _ => None,
                    };
                    let head = journal.head();
                    let (opened, report) = Journal::open(disk.storage(), from.copied()).expect("a whole log");
                    prop_assert_eq!((report.head, report.cut), (head, None));
                    journal = opened;
                }
            }
        }
        prop_assert_eq!(read_all(&journal.log()).expect("a whole log"), model.clone());
        prop_assert_eq!(verify(&disk).expect("a whole log").frames, model.len() as u64);
    }
}
