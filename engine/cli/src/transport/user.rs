//! The user of the operating system, for the record.

use std::os::unix::fs::MetadataExt;

/// The name of the user that this process runs as, or `uid-1000` where it has none.
pub(crate) fn os_user() -> String {
    let uid = std::fs::metadata("/proc/self").map(|me| me.uid());
    let Ok(uid) = uid else { return "unknown".to_owned() };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let own = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    });
    own.unwrap_or_else(|| format!("uid-{uid}"))
}
