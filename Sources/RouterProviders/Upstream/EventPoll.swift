import CCurl
import Glibc

/// Watches libcurl's sockets with epoll, in as few system calls as it takes.
///
/// libcurl gives up a socket each time a request ends and takes it again for the next request on the pooled connection.
/// Telling the kernel would be two calls a request for nothing: what libcurl gives up stays registered until the socket
/// is closed (the kernel forgets it then) or something does happen on it (then it is taken out).
///
/// Belongs to one thread.
final class EventPoll {
    /// What libcurl wants to hear of a socket and what the kernel was told, both as `EPOLLIN | EPOLLOUT` bits.
    private struct Interest {
        var wanted: UInt32 = 0
        var registered: UInt32 = 0
        var lane: Int32 = 0
        /// Opened and closed through us, so that we know when the kernel forgets it.
        var isOurs = false
    }

    private let epoll: Int32
    private let wakeup: Int32
    /// By descriptor: the kernel hands out the smallest that is free.
    private var interests: [Interest] = []
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// At most so many events are taken at once, so that the readers of the first do not wait long for the last.
    private static let eventsMax = 128

    /// - Parameters:
    ///   - epoll: an epoll descriptor; this closes it.
    ///   - wakeup: an eventfd; watched for edges, so that nobody has to read it. Its owner closes it.
    init?(epoll: Int32, wakeup: Int32) {
        self.epoll = epoll
        self.wakeup = wakeup
        events = .allocate(capacity: Self.eventsMax)
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLET.rawValue
        event.data.u64 = Self.name(of: wakeup, in: -1)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event) == 0 else { return nil }
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    /// Waits for events, at most for `milliseconds` (-1: for ever), and tells each.
    ///
    /// - Parameter action: gets the lane, the socket, and libcurl's `CURL_CSELECT` bits.
    func wait(milliseconds: Int32, _ action: (_ lane: Int, _ socket: Int32, _ bits: Int32) -> Void) {
        // A signal or a caught-up clock may end the wait without events; the caller's loop comes around again.
        let count = epoll_wait(epoll, events.baseAddress, Int32(Self.eventsMax), milliseconds)
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let name = events[index].data.u64
            let socket = Int32(truncatingIfNeeded: name)
            let lane = Int32(truncatingIfNeeded: name >> 32)
            guard lane >= 0 else { continue }
            let interest = interests[Int(socket)]
            guard interest.wanted != 0 else {
                forget(socket)
                continue
            }
            guard interest.lane == lane else { continue }  // Closed and opened anew in this very round.
            var bits: Int32 = 0
            let happened = events[index].events
            // After an error or a hang-up, reading and writing tell libcurl what it was.
            let ended = happened & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
            if interest.wanted & EPOLLIN.rawValue != 0, ended || happened & EPOLLIN.rawValue != 0 {
                bits |= CURL_CSELECT_IN
            }
            if interest.wanted & EPOLLOUT.rawValue != 0, ended || happened & EPOLLOUT.rawValue != 0 {
                bits |= CURL_CSELECT_OUT
            }
            if bits != 0 { action(Int(lane), socket, bits) }
        }
    }

    /// What libcurl's socket callback says.
    func watch(_ socket: Int32, for what: Int32, lane: Int) {
        grow(to: socket)
        var wanted: UInt32 = 0
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { wanted |= EPOLLIN.rawValue }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { wanted |= EPOLLOUT.rawValue }
        var interest = interests[Int(socket)]
        let isLaneNew = interest.lane != Int32(lane)
        interest.wanted = wanted
        interest.lane = Int32(lane)
        interests[Int(socket)] = interest
        if wanted == 0 {
            if !interest.isOurs { forget(socket) }
        } else if interest.registered != wanted || isLaneNew {
            register(socket, wanted, isKnown: interest.registered != 0)
        }
    }

    /// A socket for libcurl; negative when there is none to be had.
    func open(domain: Int32, type: Int32, protocol number: Int32) -> Int32 {
        let descriptor = socket(domain, type | Int32(SOCK_CLOEXEC.rawValue), number)
        guard descriptor >= 0 else { return descriptor }
        grow(to: descriptor)
        interests[Int(descriptor)] = Interest(isOurs: true)
        return descriptor
    }

    func closeSocket(_ descriptor: Int32) -> Int32 {
        interests[Int(descriptor)] = Interest()
        return close(descriptor)
    }

    private func register(_ socket: Int32, _ bits: UInt32, isKnown: Bool) {
        var event = epoll_event()
        event.events = bits
        event.data.u64 = Self.name(of: socket, in: interests[Int(socket)].lane)
        let status = epoll_ctl(epoll, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event)
        // Out of memory or of watches: the time limits end an exchange that hears nothing.
        interests[Int(socket)].registered = status == 0 ? bits : 0
    }

    private func forget(_ socket: Int32) {
        guard interests[Int(socket)].registered != 0 else { return }
        var event = epoll_event()
        // Fails only when the socket is closed, which is what is wanted.
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event)
        interests[Int(socket)].registered = 0
    }

    private func grow(to socket: Int32) {
        let missing = Int(socket) + 1 - interests.count
        if missing > 0 { interests.append(contentsOf: repeatElement(Interest(), count: missing)) }
    }

    private static func name(of socket: Int32, in lane: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: lane)) << 32 | UInt64(UInt32(bitPattern: socket))
    }
}

/// `CURLOPT_OPENSOCKETFUNCTION`.
func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address = address?.pointee else { return -1 }
    return Unmanaged<EventPoll>.fromOpaque(context).takeUnretainedValue()
        .open(domain: address.family, type: address.socktype, protocol: address.protocol)
}

/// `CURLOPT_CLOSESOCKETFUNCTION`.
func closeSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    guard let context else { return -1 }
    return Unmanaged<EventPoll>.fromOpaque(context).takeUnretainedValue().closeSocket(socket)
}
