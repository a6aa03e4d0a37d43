//! Things that are named by fixed words, each listed once.

/// Makes an enum whose values stand for words: `ALL` and `all_words` list them, `words` writes one, `read` reads one.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type { $($(#[$doc])* $variant,)+ }

        impl $type {
            /// Every one, in the order of the manual.
            pub const ALL: &[$type] = &[$($type::$variant,)+];

            /// The words of every one.
            pub fn all_words() -> impl Iterator<Item = &'static str> + Clone {
                $type::ALL.iter().map(|one| one.words())
            }

            /// The words that stand for it.
            pub fn words(self) -> &'static str {
                match self { $($type::$variant => $word,)+ }
            }

            /// The one that these words stand for.
            pub fn read(text: &str) -> Option<$type> {
                match text {
                    $($word => Some($type::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
