//! The HTTP Archive, as far as it is written (HAR 1.2).

use serde::Serialize;

/// The file.
#[derive(Serialize)]
pub(super) struct HttpArchive {
    pub(super) log: HarLog,
}

#[derive(Serialize)]
pub(super) struct HarLog {
    pub(super) version: &'static str,
    pub(super) creator: HarCreator,
    pub(super) pages: Vec<HarPage>,
    pub(super) entries: Vec<HarEntry>,
    pub(super) comment: String,
}

#[derive(Serialize)]
pub(super) struct HarCreator {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

/// A run of a scenario.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarPage {
    pub(super) started_date_time: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) page_timings: HarPageTimings,
}

/// No page is loaded, so that it has no times.
#[derive(Serialize)]
pub(super) struct HarPageTimings {}

/// An exchange, or a connection by hand.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarEntry {
    pub(super) pageref: String,
    pub(super) started_date_time: String,
    /// In milliseconds.
    pub(super) time: f64,
    pub(super) request: HarRequest,
    pub(super) response: HarResponse,
    pub(super) cache: HarCache,
    pub(super) timings: HarTimings,
    pub(super) comment: String,
}

#[derive(Serialize)]
pub(super) struct HarCache {}

/// The whole of the time is spent on waiting: what it was spent on is not measured.
#[derive(Serialize)]
pub(super) struct HarTimings {
    pub(super) send: f64,
    pub(super) wait: f64,
    pub(super) receive: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) http_version: &'static str,
    pub(super) cookies: [(); 0],
    pub(super) headers: Vec<HarPair>,
    pub(super) query_string: Vec<HarPair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) post_data: Option<HarPostData>,
    pub(super) headers_size: i64,
    pub(super) body_size: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarResponse {
    /// 0 where there is no answer.
    pub(super) status: u16,
    pub(super) status_text: String,
    pub(super) http_version: &'static str,
    pub(super) cookies: [(); 0],
    pub(super) headers: Vec<HarPair>,
    pub(super) content: HarContent,
    #[serde(rename = "redirectURL")]
    pub(super) redirect_url: String,
    pub(super) headers_size: i64,
    pub(super) body_size: i64,
    /// Why there is no answer, where browsers look for it.
    #[serde(rename = "_error", skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

/// A header line, or a parameter of the query.
#[derive(Serialize)]
pub(super) struct HarPair {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarPostData {
    pub(super) mime_type: String,
    pub(super) params: [(); 0],
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HarContent {
    pub(super) size: u64,
    pub(super) mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
}
