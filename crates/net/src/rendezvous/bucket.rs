//! So many at once, and then one for each of so many milliseconds.

/// A bucket of permissions.
pub(super) struct Bucket {
    burst: u64,
    every: u64,
    /// When all that was taken will have been filled in again.
    full_at: u64,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(burst: u64, every: u64) -> Self {
        Self { burst, every, full_at: 0 }
    }

    pub(super) fn take(&mut self, now: u64) -> bool {
        let after = self.full_at.max(now).saturating_add(self.every);
        if after > now.saturating_add(self.burst.saturating_mul(self.every)) {
            return false;
        }
        self.full_at = after;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_burst_one_comes_each_time() {
        let mut bucket = Bucket::new(3, 10);
        assert_eq!((0..9).filter(|_| bucket.take(1)).count(), 3);
        assert!(!bucket.take(10));
        assert!(bucket.take(11));
        assert!(!bucket.take(11));
        assert_eq!((0..9).filter(|_| bucket.take(10_000)).count(), 3, "it does not grow beyond its burst");
    }
}
