//! What a scenario works with: variables, content that is made from the seed, answers that came.

mod answer;
mod content;
mod drawn;
mod face;
mod image_name;
mod legacy;
mod run_id;
mod scope;
mod sums;
mod value;

pub(crate) use answer::{Answered, json_of};
pub(crate) use content::{
    Content, DOCKER_LIST, DOCKER_MANIFEST, Family, ImageShape, Maker, OCI_INDEX, OCI_MANIFEST,
    SIGNED_MANIFEST, Tagged, digest,
};
pub(crate) use face::{Face, Faces, Looks};
pub use image_name::{BadImageName, ImageName, is_repository};
pub use run_id::{BadRunId, RunId};
pub(crate) use scope::{Scope, query_encoded};
pub(crate) use sums::payload;
pub(crate) use value::{Value, ValueError};
