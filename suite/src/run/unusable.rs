//! Why a target cannot be used, in words for whoever wants to run against it.

use crate::wire::Secrets;

/// Why a target cannot be used. Nothing else is claimed about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreflightError {
    /// Nobody answers there.
    #[error("{target} cannot be reached: {why}")]
    Unreachable {
        /// The target.
        target: String,
        /// What went wrong.
        why: String,
    },
    /// It wants credentials, and there are none.
    #[error(
        "{target} asks for credentials ({challenge}): log in with docker, podman or crane, or give them in ASSIZE_USER and ASSIZE_PASSWORD, or in ASSIZE_TOKEN{looked}"
    )]
    WantsCredentials {
        /// The target.
        target: String,
        /// How it asked.
        challenge: String,
        /// Where credentials were looked for.
        looked: String,
    },
    /// It refuses the credentials that there are.
    #[error("{target} refuses the credentials that were given: {why}")]
    RefusesCredentials {
        /// The target.
        target: String,
        /// What it answered.
        why: String,
    },
    /// It limits how often it may be asked, and takes nothing now.
    #[error(
        "{target} takes no requests now: GET /v2/ is answered with {status}{asks}{waited}; run it again when the limit is over"
    )]
    Limits {
        /// The target.
        target: String,
        /// What it answered.
        status: String,
        /// How long it asks to wait.
        asks: String,
        /// For how long it was waited for.
        waited: String,
    },
    /// Somebody stopped the run before it began.
    #[error("stopped before {target} was known to answer")]
    Stopped {
        /// The target.
        target: String,
    },
    /// Whatever is there speaks HTTP, but not the protocol of registries.
    #[error(
        "{target} is no registry: GET /v2/ answered {base}, and nothing else below /v2/ answers like one{instead}"
    )]
    NoRegistry {
        /// The target.
        target: String,
        /// What the base endpoint answered.
        base: String,
        /// What may have been meant.
        instead: String,
    },
    /// What it answers leads past the path that it is below.
    #[error(
        "{target} cannot be used: an upload goes on at {place}, which is beside {mount} and not there, so that nobody can push; the front that takes {mount} off has to tell the registry of it (X-Forwarded-Prefix, or a prefix in the registry's own settings)"
    )]
    LeadsBeside {
        /// The target.
        target: String,
        /// Where the first upload goes on.
        place: String,
        /// The path that the API is below.
        mount: String,
    },
    /// An image that was named is not there.
    #[error("{image} cannot be read from {target}: {why}")]
    NoImage {
        /// The target.
        target: String,
        /// The image.
        image: String,
        /// What came in its place.
        why: String,
    },
    /// It is not to be written to, and shows nothing that could be read.
    #[error(
        "nothing to read was found on {target}: no repository is listed with a tag that leads to an image; name one with --image NAME:TAG"
    )]
    NothingToRead {
        /// The target.
        target: String,
    },
}

impl PreflightError {
    /// The same without what must not be shown.
    pub(super) fn without(self, secrets: &Secrets) -> PreflightError {
        let text = |text: String| secrets.redact(&text);
        match self {
            PreflightError::Unreachable { target, why } => PreflightError::Unreachable {
                target,
                why: text(why),
            },
            PreflightError::WantsCredentials {
                target,
                challenge,
                looked,
            } => PreflightError::WantsCredentials {
                target,
                challenge: text(challenge),
                looked,
            },
            PreflightError::RefusesCredentials { target, why } => PreflightError::RefusesCredentials {
                target,
                why: text(why),
            },
            PreflightError::Limits {
                target,
                status,
                asks,
                waited,
            } => PreflightError::Limits {
                target,
                status,
                asks: text(asks),
                waited,
            },
            PreflightError::LeadsBeside { target, place, mount } => PreflightError::LeadsBeside {
                target,
                place: text(place),
                mount,
            },
            said @ (PreflightError::Stopped { .. } | PreflightError::NothingToRead { .. }) => said,
            PreflightError::NoRegistry {
                target,
                base,
                instead,
            } => PreflightError::NoRegistry {
                target,
                base: text(base),
                instead,
            },
            PreflightError::NoImage { target, image, why } => PreflightError::NoImage {
                target,
                image,
                why: text(why),
            },
        }
    }
}
