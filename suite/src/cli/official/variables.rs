//! Every variable of the official suite, and what it becomes.

/// The variable that says how the host in `OCI_REGISTRY` is reached.
pub(super) const TLS: &str = "OCI_TLS";

/// A variable of the official suite.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) meaning: Meaning,
}

/// What a variable becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The host of the target.
    Host,
    /// Its scheme, and whether certificates are looked at; it is read with the host.
    Tls,
    /// The address of the target.
    Url,
    /// A repository that the run may use.
    Repository,
    /// The user.
    User,
    /// The password.
    Password,
    /// The version of the specification.
    Version,
    /// Whether anything may be written.
    Writes,
    /// Tags or digests of what is there, in the first repository.
    There,
    /// Whether this part is asked for.
    Part(Workflow),
    /// Where the results go, or which file is read: that was looked at before.
    Files,
    /// Nothing: it is found out, or there is nothing of the kind.
    Nothing,
}

impl Meaning {
    /// Whether whoever sets it has a registry in mind.
    pub(super) fn needs_registry(self) -> bool {
        match self {
            Meaning::Repository | Meaning::Version | Meaning::Writes | Meaning::Part(_) => true,
            Meaning::Host
            | Meaning::Tls
            | Meaning::Url
            | Meaning::User
            | Meaning::Password
            | Meaning::There
            | Meaning::Files
            | Meaning::Nothing => false,
        }
    }
}

/// A part of the old official suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Workflow {
    Pull,
    Push,
    ContentDiscovery,
    ContentManagement,
}

impl Workflow {
    pub(super) const ALL: [Workflow; 4] = [
        Workflow::Pull,
        Workflow::Push,
        Workflow::ContentDiscovery,
        Workflow::ContentManagement,
    ];

    /// The scenarios about it.
    pub(super) fn glob(self) -> &'static str {
        match self {
            Workflow::Pull => "pull/*",
            Workflow::Push => "push/*",
            Workflow::ContentDiscovery => "discovery/*",
            Workflow::ContentManagement => "management/*",
        }
    }
}

const fn variable(name: &'static str, meaning: Meaning) -> Variable {
    Variable { name, meaning }
}

/// What needs no variable here.
const fn nothing(name: &'static str) -> Variable {
    variable(name, Meaning::Nothing)
}

/// Every variable; of two with one meaning the first counts.
pub(super) const VARIABLES: &[Variable] = &[
    variable("OCI_REGISTRY", Meaning::Host),
    variable(TLS, Meaning::Tls),
    variable("OCI_ROOT_URL", Meaning::Url),
    variable("OCI_REPO1", Meaning::Repository),
    variable("OCI_NAMESPACE", Meaning::Repository),
    variable("OCI_REPO2", Meaning::Repository),
    variable("OCI_CROSSMOUNT_NAMESPACE", Meaning::Repository),
    variable("OCI_USERNAME", Meaning::User),
    variable("OCI_PASSWORD", Meaning::Password),
    variable("OCI_VERSION", Meaning::Version),
    variable("OCI_API_PUSH", Meaning::Writes),
    variable("OCI_RO_DATA_TAGS", Meaning::There),
    variable("OCI_RO_DATA_MANIFESTS", Meaning::There),
    variable("OCI_TAG_NAME", Meaning::There),
    variable("OCI_MANIFEST_DIGEST", Meaning::There),
    variable("OCI_TEST_PULL", Meaning::Part(Workflow::Pull)),
    variable("OCI_TEST_PUSH", Meaning::Part(Workflow::Push)),
    variable(
        "OCI_TEST_CONTENT_DISCOVERY",
        Meaning::Part(Workflow::ContentDiscovery),
    ),
    variable(
        "OCI_TEST_CONTENT_MANAGEMENT",
        Meaning::Part(Workflow::ContentManagement),
    ),
    variable("OCI_CONFIGURATION", Meaning::Files),
    variable("OCI_RESULTS_DIR", Meaning::Files),
    variable("OCI_REPORT_DIR", Meaning::Files),
    nothing("OCI_LOG"),
    nothing("OCI_DEBUG"),
    nothing("OCI_FILTER_TEST"),
    nothing("OCI_HIDE_SKIPPED_WORKFLOWS"),
    nothing("OCI_CACHE_AUTH"),
    nothing("OCI_AUTH_SCOPE"),
    nothing("OCI_TAG_LIST"),
    nothing("OCI_BLOB_DIGEST"),
    nothing("OCI_DELETE_MANIFEST_BEFORE_BLOBS"),
    nothing("OCI_SKIP_EMPTY_LAYER_PUSH_TEST"),
    nothing("OCI_AUTOMATIC_CROSSMOUNT"),
    nothing("OCI_API_PING"),
    nothing("OCI_API_PULL"),
    nothing("OCI_API_REFERRER"),
    nothing("OCI_API_BLOBS_ATOMIC"),
    nothing("OCI_API_BLOBS_DELETE"),
    nothing("OCI_API_BLOBS_DIGEST_HEADER"),
    nothing("OCI_API_BLOBS_MOUNT_ANONYMOUS"),
    nothing("OCI_API_BLOBS_UPLOAD_CANCEL"),
    nothing("OCI_API_MANIFESTS_ATOMIC"),
    nothing("OCI_API_MANIFESTS_DELETE"),
    nothing("OCI_API_MANIFESTS_DIGEST_HEADER"),
    nothing("OCI_API_MANIFESTS_TAG_PARAM"),
    nothing("OCI_API_TAGS_ATOMIC"),
    nothing("OCI_API_TAGS_DELETE"),
    nothing("OCI_API_TAGS_LIST"),
    nothing("OCI_DATA_IMAGE"),
    nothing("OCI_DATA_INDEX"),
    nothing("OCI_DATA_INDEX_LIST"),
    nothing("OCI_DATA_SPARSE"),
    nothing("OCI_DATA_ARTIFACT"),
    nothing("OCI_DATA_SUBJECT"),
    nothing("OCI_DATA_SUBJECT_MISSING"),
    nothing("OCI_DATA_ARTIFACT_LIST"),
    nothing("OCI_DATA_SUBJECT_LIST"),
    nothing("OCI_DATA_DATA_FIELD"),
    nothing("OCI_DATA_NONDISTRIBUTABLE"),
    nothing("OCI_DATA_CUSTOM_FIELDS"),
    nothing("OCI_DATA_NO_LAYERS"),
    nothing("OCI_DATA_EMPTY_BLOB"),
    nothing("OCI_DATA_SHA512"),
    nothing("OCI_RO_DATA_BLOBS"),
    nothing("OCI_RO_DATA_REFERRERS"),
];
