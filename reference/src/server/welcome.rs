//! What whoever starts a registry has to know of it.

use super::Running;
use crate::config::Config;

impl Running {
    /// Where content is kept, who may do what, and a line to push with, for clients that reach it at a URL.
    #[must_use]
    pub fn welcome(&self, url: &str) -> [String; 3] {
        let config = &self.app.config;
        let url = config.base_url.as_ref().map_or(url, |base| base.as_str());
        [
            kept(config),
            self.app.authenticator.welcome(url),
            push(config, url),
        ]
    }
}

fn kept(config: &Config) -> String {
    match &config.store {
        Some(folder) => format!("content is kept in {}", folder.display()),
        None => {
            "content is kept in memory, and is gone when the registry ends; --store DIR keeps it".to_owned()
        }
    }
}

fn push(config: &Config, url: &str) -> String {
    let (is_plain, host) = match url.split_once("://") {
        Some((scheme, host)) => (scheme == "http", host),
        None => (false, url),
    };
    let tls = if is_plain { " --dest-tls-verify=false" } else { "" };
    let asks = config.accounts.is_some() || config.token_realm.is_some();
    let login = if asks { " --dest-creds NAME:PASSWORD" } else { "" };
    format!(
        "push with: skopeo copy{tls}{login} docker://docker.io/library/busybox docker://{host}/busybox:latest"
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use crate::config::{Authentication, Config};
    use crate::server::serve;

    const URL: &str = "http://127.0.0.1:5000";

    async fn welcome(config: Config, url: &str) -> [String; 3] {
        let listen = ([127, 0, 0, 1], 0).into();
        serve(Config { listen, ..config }).await.unwrap().welcome(url)
    }

    #[tokio::test]
    async fn whoever_starts_it_learns_where_content_is_who_may_do_what_and_how_to_push() {
        let [kept, allowed, push] = welcome(Config::default(), URL).await;
        assert!(kept.contains("in memory") && allowed.starts_with("everyone may"));
        assert!(push.ends_with("docker://127.0.0.1:5000/busybox:latest"), "{push}");
        let folder = tempfile::tempdir().unwrap();
        let mut accounts = tempfile::NamedTempFile::new().unwrap();
        let hash = bcrypt::hash("secret", 4).unwrap();
        write!(
            accounts,
            "anonymous pull public/**\nreader:{hash} pull ** delete a,b\nall:{hash}\n"
        )
        .unwrap();
        let guarded = Config {
            store: Some(folder.path().to_owned()),
            accounts: Some(accounts.path().to_owned()),
            authentication: Authentication::Token,
            base_url: Some("https://registry.example.com/".parse().unwrap()),
            ..Config::default()
        };
        let [kept, allowed, push] = welcome(guarded, URL).await;
        assert_eq!(kept, format!("content is kept in {}", folder.path().display()));
        assert_eq!(
            allowed,
            "by tokens from https://registry.example.com/token, which others check with https://registry.example.com/token/certificate \
             or https://registry.example.com/token/keys: all may do everything, reader may pull ** delete a,b, without a name one may \
             pull public/**"
        );
        assert!(
            !push.contains("tls-verify") && push.contains("--dest-creds NAME:PASSWORD"),
            "{push}"
        );
    }
}
