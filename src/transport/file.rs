//! Files that a config names.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// Reads a regular file of at most so many bytes: a pipe would be waited for, and a device may never end.
///
/// # Errors
///
/// Tells why not, without the path.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let refused = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    if !fs::metadata(path)?.is_file() {
        return Err(refused("not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    // A byte more than allowed tells that there is more; the length that a file system gives may be none.
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(refused(format!("longer than {most} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_most_and_no_byte_beyond() {
        let path = std::env::temp_dir().join(format!("auth-challenge-file-{}", std::process::id()));
        fs::write(&path, b"four").expect("a file");
        assert_eq!(read(&path, 4).expect("four bytes"), b"four");
        assert_eq!(read(&path, 3).expect_err("one too many").to_string(), "longer than 3 bytes");
        fs::remove_file(&path).expect("gone");
    }
}
