//! The thread that folds durable frames into rows, a batch at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::Views;
use super::fold::Fold;
use super::store::{Meta, ViewsError};
use crate::follow::{LogReader, LogView};

/// Frames of a batch at most.
const BATCH_FRAMES_MAX: u32 = 1_000;
/// How long to wait for more before looking whether the engine has ended.
const WAIT: Duration = Duration::from_secs(1);

/// Follows the log until the engine ends. Trouble stops the views, not the engine: they can be built anew.
pub(crate) fn follow(views: &Views, log: &LogView) {
    // sled panics on some damage; the rows are of no further use then, and nothing else is touched.
    match catch_unwind(AssertUnwindSafe(|| follow_log(views, log))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => views.fail(error.to_string()),
        Err(_) => views.fail("the views' thread panicked".to_owned()),
    }
}

fn follow_log(views: &Views, log: &LogView) -> Result<(), ViewsError> {
    let follower = log.follow("views", views.applied());
    let mut reader = log.reader(views.applied() + 1)?;
    while !log.ended() {
        if fold_batch(views, log, &mut reader)? {
            follower.applied(views.applied());
        } else {
            log.wait_past(views.applied(), WAIT);
        }
    }
    views.inner.db.flush()?;
    Ok(())
}

/// Folds everything that is durable now.
pub(super) fn catch_up(views: &Views, log: &LogView) -> Result<(), ViewsError> {
    let mut reader = log.reader(views.applied() + 1)?;
    while fold_batch(views, log, &mut reader)? {}
    views.inner.db.flush()?;
    Ok(())
}

/// Folds the next batch; says whether there was one.
fn fold_batch(views: &Views, log: &LogView, reader: &mut LogReader) -> Result<bool, ViewsError> {
    let mut fold = Fold::new(&views.inner.db);
    let mut applied = None;
    for _ in 0..BATCH_FRAMES_MAX {
        let Some((sequence, frame)) = reader.read()? else { break };
        fold.frame(sequence, &frame)?;
        applied = Some(sequence);
    }
    let Some(applied) = applied else { return Ok(false) };
    let batch = fold.finish(&Meta::new(log.log_id(), applied))?;
    views.inner.db.apply_batch(batch)?;
    views.publish(applied);
    Ok(true)
}
