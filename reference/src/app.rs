//! What one running instance owns: built once, shared by every request.

use std::sync::Arc;

use assize_legacy::signed::{SignatureAlgorithm, SigningKey};
use http::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use crate::auth::{Authenticator, Signer};
use crate::config::Config;
use crate::http::body::memory::Memory;
use crate::notifications::Notifier;
use crate::operation::metrics::Metrics;
use crate::operation::quota::Quota;
use crate::operation::rate_limit::RateLimit;
use crate::operation::tls::{self, Certificate};
use crate::start_error::StartError;
use crate::store::Store;

/// One running registry.
#[derive(Debug)]
pub(crate) struct App {
    /// What was chosen.
    pub(crate) config: Config,
    /// Where everything is kept.
    pub(crate) store: Store,
    /// The `Warning` headers of every answer.
    pub(crate) warnings: Vec<HeaderValue>,
    /// How many requests a client may make.
    pub(crate) rate_limit: Option<RateLimit>,
    /// How many requests may be under way.
    pub(crate) request_quota: Quota,
    /// What answers hold of it.
    pub(crate) memory: Memory,
    /// When the store was last found to be well, or not.
    pub(crate) health: Mutex<Option<(Instant, bool)>>,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// What tells others about what happens, if there are any.
    pub(crate) notifier: Option<Notifier>,
    /// What distinguishes this run of the registry from all others.
    pub(crate) instance: Uuid,
    /// Who may do what.
    pub(crate) authenticator: Authenticator,
    /// What signs manifests for clients of 2014, if there may be any.
    pub(crate) manifest_key: Option<SigningKey>,
    /// What signs the URLs that blobs are redirected to.
    pub(crate) signer: Signer,
    /// The certificate, if connections are to be encrypted.
    pub(crate) certificate: Option<Arc<Certificate>>,
}

impl App {
    /// Builds an instance.
    ///
    /// # Errors
    /// Fails if its store cannot be opened, or a file that the configuration names cannot be used.
    pub(crate) fn new(config: Config) -> Result<Self, StartError> {
        // Before anything is made on a disk.
        config.gate().map_err(StartError::Accounts)?;
        let store = match &config.store {
            Some(folder) => Store::open(folder, config.durability)?,
            None => Store::in_memory()?,
        };
        let warnings = config
            .offer
            .warnings
            .iter()
            .filter_map(|text| warning(text))
            .collect();
        let certificate = match (&config.tls_certificate, &config.tls_key) {
            (Some(certificate), Some(key)) => Some(tls::open(certificate.clone(), key.clone())),
            (None, None) => None,
            _ => Some(Err(
                "a certificate is of no use without its key, nor a key without its certificate".to_owned(),
            )),
        };
        let (metrics, instance) = (Metrics::new(), Uuid::new_v4());
        let notifier = Notifier::new(&config, instance, &metrics).map_err(StartError::Notifications)?;
        let manifest_key = config
            .offer
            .legacy
            .then(|| SigningKey::generate(SignatureAlgorithm::Es256));
        let manifest_key = manifest_key
            .transpose()
            .map_err(|error| StartError::Signing(error.to_string()))?;
        Ok(Self {
            store,
            warnings,
            memory: Memory::new(),
            health: Mutex::default(),
            rate_limit: RateLimit::new(config.limits.request_rate),
            request_quota: Quota::new(config.limits.requests, config.limits.requests_per_address),
            metrics,
            notifier,
            instance,
            manifest_key,
            signer: Signer::new(),
            authenticator: Authenticator::open(&config).map_err(StartError::Accounts)?,
            certificate: certificate.transpose().map_err(StartError::Tls)?.map(Arc::new),
            config,
        })
    }

    /// Reads certificates and accounts again.
    pub(crate) fn reload(&self) {
        if let Some(certificate) = &self.certificate {
            certificate.reload();
        }
        self.authenticator.reload();
    }

    /// Reads certificates and accounts again if they have changed.
    pub(crate) fn reload_if_changed(&self) {
        if let Some(certificate) = &self.certificate {
            certificate.reload_if_changed();
        }
        self.authenticator.reload_if_changed();
    }
}

/// A `Warning` header (spec: Warnings): code 299, no agent, no date, a quoted text.
fn warning(text: &str) -> Option<HeaderValue> {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    HeaderValue::try_from(format!("299 - \"{quoted}\"")).ok()
}
