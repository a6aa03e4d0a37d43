use proptest::prelude::*;

use super::strategies::scenario;
use crate::diagnostic::{Color, render};
use crate::scenario::{parse, print};

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(scenario in scenario()) {
        let text = print(&scenario);
        let (read, faults) = parse(&text);
        prop_assert!(faults.is_empty(), "{}\n{}", text, render(&faults, "test", &text, Color::Never));
        prop_assert_eq!(read.as_ref(), Some(&scenario), "{}", text);
        let again = read.map(|read| print(&read));
        prop_assert_eq!(again.as_ref(), Some(&text));
    }
}
