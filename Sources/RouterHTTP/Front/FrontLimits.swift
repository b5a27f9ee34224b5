/// What one client may take of the server.
public struct FrontLimits: Sendable, Hashable {
    /// Bytes of a request's body; more is answered with 413.
    public var bodyBytesMax = 32 * 1024 * 1024
    /// The same, of a body that holds a sound in Base64.
    public var soundBodyBytesMax = 36 * 1024 * 1024
    /// Bytes of a form with a file; how many of them the file may have says ``FormIntake/Limits``.
    public var formBytesMax = 42 * 1024 * 1024
    /// Where files are kept that clients send before they say what for: a folder on a disk.
    public var spoolDirectory = "/tmp"
    /// Bytes of one header field, and of all; more is answered with 431.
    public var headerFieldBytesMax = 16 * 1024
    public var headerBytesMax = 32 * 1024
    public var headerFieldsMax = 100
    /// How long a connection may wait for its next request, the head of it included, or take so little of an answer that is
    /// not to an inference request that none of it finds room.
    public var idle: Duration = .seconds(75)
    /// How long a body may come more slowly than ``bodyBytesPerSecond``.
    public var slowBody: Duration = .seconds(10)
    /// The longest that a body may stand still, however much of it came before.
    public var silentBody: Duration = .seconds(60)
    public var bodyBytesPerSecond = 1024
    /// How long a client may take nothing of what is waiting for it.
    public var clientStall: Duration = .seconds(30)
    /// How often it is looked whether something takes too long, which is noticed up to this much late.
    public var watchPeriod: Duration = .seconds(5)
    /// Bytes that wait for a client, beyond the socket's own, before the answer pauses, and down to which it goes on: what a
    /// slow client has not taken is to wait with the vendor.
    public var unsentBytesHigh = 8 * 1024
    public var unsentBytesLow = 4 * 1024

    public init() {}
}
