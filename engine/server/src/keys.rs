//! The keys of secrets: one file each in `keys/` of the data directory, readable by its owner alone.
//!
//! A key is on the disk, its folder too, before anything sealed with it can be in the log. A key that is destroyed is
//! overwritten, and gone from the folder, before anybody is told so. What a disk or a back-up keeps of overwritten
//! bytes is beyond a program: back-ups of `keys/` must forget what they hold for as long as secrets may be erased.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use countersign_core::secret::{KeyId, key_text};
use zeroize::Zeroizing;

use crate::seal::{KEY_BYTES, Key, random};

/// The keys of one company. Cheap to clone; every call waits for the disk.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    directory: PathBuf,
}

impl Keys {
    /// Those of a data directory; the folder is made with the first key.
    pub(crate) fn of(data: &Path) -> Keys {
        Keys { directory: data.join("keys") }
    }

    /// A new key, durable.
    pub(crate) fn make(&self) -> io::Result<(KeyId, Key)> {
        let no_chance = |_| io::Error::other("the operating system gave no random bytes");
        let (id, key) = (random().map_err(no_chance)?, random().map(Zeroizing::new).map_err(no_chance)?);
        if !self.directory.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
            sync(self.directory.parent().unwrap_or(Path::new(".")))?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path(&id))?;
        file.write_all(&key[..])?;
        file.sync_all()?;
        sync(&self.directory)?;
        Ok((id, Key(key)))
    }

    /// A key; None where it is destroyed.
    pub(crate) fn get(&self, id: &KeyId) -> io::Result<Option<Key>> {
        let mut file = match File::open(self.path(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        file.read_exact(&mut key[..])?;
        Ok(Some(Key(key)))
    }

    /// Destroys a key: overwritten, synced, removed, synced. Gone already: nothing.
    pub(crate) fn destroy(&self, id: &KeyId) -> io::Result<()> {
        let path = self.path(id);
        let mut file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        file.write_all(&[0; KEY_BYTES])?;
        file.sync_all()?;
        drop(file);
        fs::remove_file(path)?;
        sync(&self.directory)
    }

    fn path(&self, id: &KeyId) -> PathBuf {
        self.directory.join(key_text(id))
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_its_owners_alone_and_is_gone_when_it_is_destroyed() {
        let data = tempfile::tempdir().expect("a directory");
        let keys = Keys::of(data.path());
        assert!(keys.get(&[1; 16]).expect("no folder is no key").is_none());
        let (id, key) = keys.make().expect("a key");
        let (other, _) = keys.make().expect("another key");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&keys.directory), mode(&keys.path(&id))), (0o700, 0o600));
        let found = keys.get(&id).expect("read").expect("it is there");
        assert_eq!(*found.0, *key.0);
        assert_ne!(id, other);
        keys.destroy(&id).expect("destroyed");
        keys.destroy(&id).expect("destroyed before");
        assert!(keys.get(&id).expect("read").is_none());
        assert!(keys.get(&other).expect("read").is_some(), "others stay");
    }
}
