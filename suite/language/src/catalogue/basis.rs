//! Who says that a requirement is one.

words! {
    /// Who says that a requirement is one.
    Basis {
        /// The specification, in these words.
        Spec = "spec",
        /// Nobody in these words: it follows from what a document says.
        Implied = "implied",
        /// HTTP semantics.
        Rfc9110 = "rfc9110",
        /// HTTP/1.1.
        Rfc9112 = "rfc9112",
        /// Web linking.
        Rfc8288 = "rfc8288",
        /// HTTP caching.
        Rfc7234 = "rfc7234",
        /// The image specification.
        ImageSpec = "image-spec",
        /// Nobody in writing: what is broken here can be abused.
        Security = "security",
        /// A specification that extends this one.
        Extension = "extension",
        /// Nobody in writing: clients in the field rely on it.
        Interop = "interop",
        /// The project that runs the suite, in a catalogue of its own.
        House = "house",
    }
}

words! {
    /// What stands behind a requirement, in the words of a report.
    Authority {
        /// The specification judged by states it.
        Specification = "stated by the specification",
        /// An RFC on which the specification rests states it.
        Rfc = "stated by an RFC",
        /// The image specification states it.
        ImageSpecification = "stated by the image specification",
        /// A specification that extends the one judged by states it.
        Extension = "stated by an extension",
        /// It follows from a text that does not state it.
        Implication = "implied, and stated nowhere",
        /// It guards against abuse, and is written nowhere.
        Security = "a matter of security, and stated nowhere",
        /// Clients rely on it, and it is written nowhere.
        Interoperability = "relied on by clients, and stated nowhere",
        /// The project that runs the suite asks it of its registry.
        House = "a rule of the house",
    }
}

impl Basis {
    /// What stands behind a requirement with this basis.
    pub fn authority(self) -> Authority {
        match self {
            Basis::Spec => Authority::Specification,
            Basis::Rfc9110 | Basis::Rfc9112 | Basis::Rfc8288 | Basis::Rfc7234 => Authority::Rfc,
            Basis::ImageSpec => Authority::ImageSpecification,
            Basis::Extension => Authority::Extension,
            Basis::Implied => Authority::Implication,
            Basis::Security => Authority::Security,
            Basis::Interop => Authority::Interoperability,
            Basis::House => Authority::House,
        }
    }
}

impl Authority {
    /// Whether a document states it in so many words, so that nobody needs to be convinced.
    pub fn is_stated(self) -> bool {
        match self {
            Authority::Specification
            | Authority::Rfc
            | Authority::ImageSpecification
            | Authority::Extension => true,
            Authority::Implication | Authority::Security | Authority::Interoperability | Authority::House => {
                false
            }
        }
    }
}
