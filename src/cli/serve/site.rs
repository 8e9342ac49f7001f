//! What is served: the files of www/ and pkg/, the pictures that are offered (`data`), and nothing else, with headers that a
//! school's network may ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;

use super::data::Data;

/// The folders below the root that are served.
const FOLDERS: [&str; 2] = ["www", "pkg"];

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 8] = [
    // Browsers revalidate every file, so that a rebuilt page is never mixed with an old one.
    (header::CACHE_CONTROL, "no-cache"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // As in the page's own head; as a header it applies to the worker, too. `frame-ancestors` counts only here.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; object-src 'none'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What decides whether a request is answered.
#[derive(Clone)]
struct Rules {
    /// Without symbolic links.
    root: Arc<Path>,
    /// Names of this server beside `localhost` and addresses.
    hosts: Arc<[String]>,
}

/// Serves the page's two folders in `root`, and `data`, to requests whose Host is an address, `localhost` or one of `hosts`.
///
/// # Errors
/// When `root` cannot be read.
pub fn site(root: &Path, hosts: &[String], data: Data) -> std::io::Result<Router> {
    let rules = Rules { root: root.canonicalize()?.into(), hosts: hosts.into() };
    let files = ServeDir::new(&rules.root)
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(true);
    let to_page = |RawQuery(query): RawQuery| async move {
        Redirect::temporary(&query.map_or_else(|| "/www/".to_owned(), |q| format!("/www/?{q}")))
    };
    Ok(Router::new()
        .route("/", get(to_page))
        .route("/www", get(to_page))
        .fallback_service(files)
        .layer(from_fn_with_state(rules.clone(), only_served))
        .layer(CompressionLayer::new())
        .merge(data.router()) // parts of files are asked for, and photographs hardly get smaller
        .layer(from_fn_with_state(rules, only_this_host))
        .layer(from_fn(with_headers)))
}

async fn with_headers(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // TypeScript's ending is that of a video format elsewhere, and texts here hold more than ASCII.
    if (path.ends_with(".ts") || path.ends_with(".txt"))
        && headers.contains_key(header::CONTENT_TYPE)
    {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    weaken_etag(headers);
    answer
}

/// A compressed answer has other bytes than the file whose ETag it carries.
fn weaken_etag(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return;
    }
    let weak = headers
        .get(header::ETAG)
        .and_then(|etag| etag.to_str().ok())
        .filter(|etag| etag.starts_with('"'))
        .and_then(|etag| HeaderValue::from_str(&format!("W/{etag}")).ok());
    if let Some(weak) = weak {
        headers.insert(header::ETAG, weak);
    }
}

/// Refuses other names: a page elsewhere must not reach this server under a name of its own (DNS rebinding).
async fn only_this_host(State(rules): State<Rules>, request: Request, next: Next) -> Response {
    // Whoever sends none is no browser, and no web page's doing.
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    if host.is_none_or(|host| is_this_host(host, &rules.hosts)) {
        return next.run(request).await;
    }
    let text =
        "This server is not known by that name. Start it with --allow-host NAME to allow it.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

/// Whether a Host header names this server: an address, `localhost`, or one of `hosts`, with any port or none.
fn is_this_host(host: &str, hosts: &[String]) -> bool {
    let Ok(uri) = host.parse::<Uri>() else { return false };
    let (Some(name), None) = (uri.host(), uri.scheme()) else { return false };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok()
        || name.eq_ignore_ascii_case("localhost")
        || hosts.iter().any(|allowed| name.eq_ignore_ascii_case(allowed))
}

/// Answers 404 to what is not below the two folders.
async fn only_served(State(rules): State<Rules>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if matches!(path, "/" | "/www") || is_served(&rules.root, path) {
        return next.run(request).await;
    }
    (StatusCode::NOT_FOUND, Body::empty()).into_response()
}

/// Whether a URL's path leads to a file below one of [`FOLDERS`] (where it names a folder, to its `index.html`), no name in
/// it is hidden, and no symbolic link leads out of them.
fn is_served(root: &Path, path: &str) -> bool {
    let Ok(path) = percent_decode_str(path).decode_utf8() else { return false };
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    let plain = |name: &&str| !name.starts_with('.') && !name.contains(['\\', ':', '\0']);
    if !names.first().is_some_and(|first| FOLDERS.contains(first)) || !names.iter().all(plain) {
        return false;
    }
    let mut file: PathBuf = names.iter().fold(root.to_owned(), |file, name| file.join(name));
    if file.is_dir() {
        file.push("index.html");
    }
    let inside = |file: PathBuf| FOLDERS.iter().any(|folder| file.starts_with(root.join(folder)));
    file.canonicalize().is_ok_and(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_localhost_and_what_is_allowed() {
        let hosts = ["room12.school.example".to_owned()];
        for host in [
            "127.0.0.1",
            "127.0.0.1:8017",
            "[::1]:8017",
            "192.168.2.7:80",
            "localhost",
            "LOCALHOST:1",
            "room12.school.example:8017",
            "Room12.School.Example",
        ] {
            assert!(is_this_host(host, &hosts), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8017",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "school.example",
            "a b",
            "http://localhost",
            "localhost/x",
            "user@evil.example",
        ] {
            assert!(!is_this_host(host, &hosts), "{host}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_hidden_and_nothing_outside_is_served() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let root = &folder.path().canonicalize().unwrap();
        let files =
            ["www/index.html", "www/models/a", "www/part/index.html", "www/.git/config", "pkg/b"];
        for name in files.into_iter().chain(["Cargo.toml", "src/c", "pkgs/d"]) {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        symlink(root.join("Cargo.toml"), root.join("www/out")).unwrap();
        symlink(root.join("src"), root.join("www/outside")).unwrap();
        symlink(root.join("Cargo.toml"), root.join("pkg/index.html")).unwrap();
        symlink(root.join("pkg/b"), root.join("www/in")).unwrap();
        for path in [
            "/www/",
            "/www/part",
            "/www/part/",
            "/www/models/a",
            "//www//models/a",
            "/pkg/b",
            "/www/in",
            "/www/%6dodels/a",
        ] {
            assert!(is_served(root, path), "{path}");
        }
        let long = format!("/www/{}", "x".repeat(5000));
        for path in [
            "/",
            "/Cargo.toml",
            "/src/c",
            "/pkgs/d",
            "/www/../Cargo.toml",
            "/www/%2e%2e/Cargo.toml",
            "/www/..%2fCargo.toml",
            "/www/.git/config",
            "/www/%2egit/config",
            "/www/out",
            "/www/outside/c",
            "/www/missing",
            "/www/models",
            "/www/models/",
            "/pkg",
            "/pkg/",
            "/www/a%00",
            "/www/%ff",
            "/www/..\\Cargo.toml",
            "/www/./models/a",
            &long,
        ] {
            assert!(!is_served(root, path), "{path}");
        }
    }
}
