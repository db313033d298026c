/// What this program calls itself, to Google and to hosts.
public enum Product {
    /// Semantic versioning; `manifest.yaml` and the changelog follow it.
    public static let version = "0.1.0"
}
