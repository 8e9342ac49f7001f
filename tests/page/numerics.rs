//! The page's module computes in Chromium what PyTorch computed: the same reference and the same comparisons as in the
//! native tests (tests/numerics/bundled.rs).

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use pollster::block_on;
use second_look::attack::{AttackConfig, Pgd};
use second_look::detector::Verdict;
use second_look::picture::Picture;
use serde::Deserialize;
use tower_http::services::{ServeDir, ServeFile};

use crate::browser::{Gpu, Page};
use crate::{ROOT, defence, file, host};

#[path = "../numerics/reference.rs"]
mod reference;

use reference::{Expected, Reference, sample};

/// What the module computed for one sample.
#[derive(Deserialize)]
struct Computed {
    picture: Vec<f32>,
    reconstruction: Vec<f32>,
    correction: Option<Vec<f32>>,
    verdict: Verdict,
    losses: Vec<f32>,
    attacked: Verdict,
}

/// Has the module compute in a worker, as the page does.
fn compute(
    page: &Page,
    models: &[&str],
    samples: &[(&str, &Expected)],
    attack: Option<Pgd>,
    webgpu: bool,
) -> Vec<Computed> {
    const EMPTY: &str = "<!doctype html><link rel=icon href='data:,'>";
    let routes = Router::new()
        .route("/", get(|| async { Html(EMPTY) }))
        .route_service("/numerics.js", ServeFile::new(file("tests/page/numerics.js")))
        .fallback_service(ServeDir::new(ROOT));
    let (_runtime, url) = host(routes);
    page.tab.navigate_to(&url).unwrap().wait_until_navigated().unwrap();
    let samples: Vec<_> = samples
        .iter()
        .map(|(name, expected)| serde_json::json!({ "name": name, "leadsFrom": expected.class() }))
        .collect();
    let request = serde_json::json!({
        "webgpu": webgpu,
        "models": models,
        "samples": samples,
        "attack": attack.map(AttackConfig::from),
    });
    page.js(&format!(
        "(() => {{ const worker = new Worker('numerics.js', {{ type: 'module' }}); \
         worker.onerror = ({{ message }}) => (globalThis.answer = {{ error: message }}); \
         worker.onmessage = ({{ data }}) => (globalThis.answer = data); \
         worker.postMessage({request}); }})()"
    ));
    page.until("globalThis.answer");
    assert_eq!(page.js("answer.error"), serde_json::Value::Null);
    serde_json::from_value(page.js("answer.results")).unwrap()
}

/// Holds the reconstructions against the native ones. What they differ by is rounding, up to 8e-7 of a range of 1.
#[track_caller]
fn assert_as_native(computed: &Computed, picture: &Picture) {
    const TOLERANCE: f32 = 5e-6;
    assert_eq!(computed.picture, picture.values());
    let native = block_on(defence().detect(picture.to_tensor(defence().device()))).unwrap();
    let values = |images: burn::tensor::Tensor<4>| -> Vec<f32> {
        images.clamp(0.0, 1.0).into_data().try_to_vec().unwrap()
    };
    let corrections = values(native.corrections.unwrap());
    for (name, theirs, ours) in [
        ("reconstruction", &computed.reconstruction, values(native.reconstructions)),
        ("correction", computed.correction.as_ref().unwrap(), corrections),
    ] {
        assert_eq!(theirs.len(), ours.len(), "{name}");
        let most = theirs.iter().zip(&ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < TOLERANCE, "{name}: {most}");
    }
}

#[test]
fn in_the_browser_the_cpu_computes_what_pytorch_does() {
    let Some(page) = Page::new(Gpu::None) else { return };
    let www = file("www");
    let reference = Reference::load(&www);
    let samples = ["horse-18", "cat-57"].map(|name| (name, &reference.pictures[name]));
    let models = ["classifier", "autoencoder", "corrector"];
    let computed = compute(&page, &models, &samples, Some(Pgd::default()), false);
    for (computed, (name, expected)) in computed.iter().zip(samples) {
        expected.assert_detected(&computed.verdict);
        expected.assert_attacked(&computed.losses, &computed.attacked);
        assert_as_native(computed, &sample(&www, name));
    }

    // The tutorial's autoencoder has other layers.
    let models = ["classifier", "tutorial"];
    for (computed, (_, expected)) in
        compute(&page, &models, &samples, None, false).iter().zip(samples)
    {
        expected.assert_detected_by_tutorial(&computed.verdict);
        assert!(computed.correction.is_none());
    }
    page.finish(&[]);
}

#[test]
fn in_the_browser_webgpu_computes_what_pytorch_does() {
    let Some(page) = Page::new(Gpu::Software) else { return };
    let www = file("www");
    let reference = Reference::load(&www);
    let samples = [("horse-18", &reference.pictures["horse-18"])];
    let models = ["classifier", "autoencoder", "corrector"];
    // A software adapter takes half a minute for a step. The first losses do not depend on how many follow.
    let attack = Pgd { max_iter: 2, ..Pgd::default() };
    let computed = &compute(&page, &models, &samples, Some(attack), true)[0];
    let (name, expected) = samples[0];
    expected.assert_detected(&computed.verdict);
    assert_eq!(computed.losses.len(), 3);
    expected.assert_losses(&computed.losses);
    assert_as_native(computed, &sample(&www, name));
    page.finish(&[]);
}
