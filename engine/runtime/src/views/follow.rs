//! The thread that folds durable frames into rows, and writes rows to the tree now and then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::Views;
use super::fold::fold_frame;
use super::store::{Meta, ViewsError};
use crate::follow::{LogReader, LogView};

/// Frames that are folded before queries get a turn.
const FOLD_FRAMES_MAX: usize = 256;
/// Rows and keys that are newer than the tree at most, before they are written to it.
const DIRTY_MAX: usize = 16_384;
/// How long rows may be newer than the tree. After a crash that much is folded again.
const WRITE_EVERY: Duration = Duration::from_secs(1);

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
    let mut written = Instant::now();
    while !log.ended() {
        if fold_some(views, &mut reader)? {
            follower.applied(views.applied());
        } else {
            log.wait_past(views.applied(), WRITE_EVERY);
        }
        if written.elapsed() >= WRITE_EVERY || views.overlay().dirty() >= DIRTY_MAX {
            write(views, log)?;
            written = Instant::now();
        }
    }
    write(views, log)?;
    views.inner.db.flush()?;
    Ok(())
}

/// Folds everything that is durable now.
pub(super) fn catch_up(views: &Views, log: &LogView) -> Result<(), ViewsError> {
    let mut reader = log.reader(views.applied() + 1)?;
    while fold_some(views, &mut reader)? {
        if views.overlay().dirty() >= DIRTY_MAX {
            write(views, log)?;
        }
    }
    write(views, log)?;
    views.inner.db.flush()?;
    Ok(())
}

/// Folds some frames; says whether there were any.
fn fold_some(views: &Views, reader: &mut LogReader) -> Result<bool, ViewsError> {
    let mut frames = Vec::with_capacity(FOLD_FRAMES_MAX);
    while frames.len() < FOLD_FRAMES_MAX {
        let Some(next) = reader.read()? else { break };
        frames.push(next);
    }
    let Some((applied, _)) = frames.last() else { return Ok(false) };
    let mut overlay = views.overlay_mut();
    for (sequence, frame) in &frames {
        fold_frame(&mut overlay, &views.inner.db, *sequence, frame)?;
    }
    drop(overlay);
    views.publish(*applied);
    Ok(true)
}

/// Writes what the tree does not have. Queries go on meanwhile: to them the overlay comes before the tree.
fn write(views: &Views, log: &LogView) -> Result<(), ViewsError> {
    let batch = {
        let overlay = views.overlay();
        if overlay.is_written() {
            return Ok(());
        }
        overlay.batch(&Meta::new(log.log_id(), overlay.applied))?
    };
    views.inner.db.apply_batch(batch)?;
    views.overlay_mut().written();
    Ok(())
}
