/// Which routerd this is.
enum Version {
    /// Semantic versioning, as in CHANGELOG.md; raised with each release.
    static let text = "0.1.0"
}
