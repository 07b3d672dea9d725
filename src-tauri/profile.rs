//! The folder of one person, and the token that tells its process from those of other profiles.

use std::io;
use std::path::{Path, PathBuf};

/// One person's folder, made and resolved.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Absolute, without links, so that two spellings of one folder are one profile.
    pub folder: PathBuf,
    /// A letter and 16 hex digits of the folder's hash; fits into a D-Bus name.
    pub token: String,
    /// It is where the program goes when no profile is named.
    pub usual: bool,
}

impl Profile {
    /// Makes the folder if need be. `None` is the usual one.
    pub(crate) fn prepare(chosen: Option<&Path>) -> io::Result<Profile> {
        let usual = api::session::Config::default().profile;
        let wanted = chosen.unwrap_or(&usual);
        readable(wanted)?;
        make_private(wanted).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", wanted.display())))?;
        let folder = wanted.canonicalize()?;
        readable(&folder)?;
        let usual = usual.canonicalize().is_ok_and(|usual| usual == folder);
        let token = token(&folder);
        Ok(Profile { folder, token, usual })
    }

    /// Gives the process its own name where the lock against a second one hangs on the program's
    /// identifier. On Linux it hangs on a D-Bus name instead, which
    /// [`crate::links::single_instance`] chooses.
    pub(crate) fn mark(&self, config: &mut tauri::Config) {
        if !cfg!(target_os = "linux") && !self.usual {
            config.identifier = format!("{}.{}", config.identifier, self.token);
        }
    }
}

/// What the window is made of takes names of folders as text.
fn readable(folder: &Path) -> io::Result<()> {
    if folder.to_str().is_some() {
        return Ok(());
    }
    let words = format!("{}: the name of a profile's folder must be UTF-8; choose another with --profile", folder.display());
    Err(io::Error::new(io::ErrorKind::InvalidInput, words))
}

fn token(folder: &Path) -> String {
    let hash = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    format!("p{}", hash.chars().take(16).collect::<String>())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_folder_are_one_profile() {
        let home = tempfile::tempdir().expect("temporary folder");
        let plain = Profile::prepare(Some(&home.path().join("ana"))).expect("folder can be made");
        let dotted = Profile::prepare(Some(&home.path().join("ana/../ana/."))).expect("folder is there");
        assert_eq!(plain.token, dotted.token);
        let other = Profile::prepare(Some(&home.path().join("ben"))).expect("folder can be made");
        assert_ne!(plain.token, other.token);
    }

    #[test]
    fn a_token_fits_into_a_bus_name() {
        let token = token(Path::new("/home/ana/.local/share/grapevine"));
        assert!(token.starts_with('p') && token.len() == 17 && token.chars().all(|c| c.is_ascii_alphanumeric()));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_whose_name_is_not_utf8_is_refused_in_words_and_not_made() {
        use std::os::unix::ffi::OsStrExt;
        let home = tempfile::tempdir().expect("temporary folder");
        let folder = home.path().join(std::ffi::OsStr::from_bytes(b"ana\xff"));
        let error = Profile::prepare(Some(&folder)).expect_err("not a name for the window");
        assert!(error.to_string().contains("must be UTF-8"), "{error}");
        assert!(!folder.exists());
        std::fs::create_dir(&folder).expect("folder can be made");
        std::os::unix::fs::symlink(&folder, home.path().join("ben")).expect("link can be made");
        assert!(Profile::prepare(Some(&home.path().join("ben"))).is_err(), "by another way in");
    }

    #[test]
    fn a_file_in_the_way_is_named_in_the_error() {
        let home = tempfile::tempdir().expect("temporary folder");
        let file = home.path().join("file");
        std::fs::write(&file, "").expect("file can be made");
        let error = Profile::prepare(Some(&file.join("below"))).expect_err("a file has no folders");
        assert!(error.to_string().contains("file"), "{error}");
    }
}
