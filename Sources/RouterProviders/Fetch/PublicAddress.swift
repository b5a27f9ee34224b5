import CCurl
import Glibc

/// Whether an address is one of the public internet: what a client names may lead there and nowhere else.
///
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries.
enum PublicAddress {
    /// - Parameter bytes: 4 of IPv4 or 16 of IPv6, most significant first. Anything else is not public.
    static func contains(_ bytes: [UInt8]) -> Bool {
        switch bytes.count {
        case 4: isPublic(four: bytes)
        case 16: isPublic(sixteen: bytes)
        default: false
        }
    }

    private static func isPublic(four bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (169, 254, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _):
            false
        // Protocol assignments, documentation, relays of 6to4, benchmarks, multicast, reserved.
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 88, 99), (198, 18...19, _), (224..., _, _):
            false
        default: true
        }
    }

    private static func isPublic(sixteen bytes: [UInt8]) -> Bool {
        // Only 2000::/3 is given out; in it, documentation, Teredo and its like, and IPv4 in other clothes.
        guard bytes[0] & 0xE0 == 0x20 else { return false }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        case (0x20, 0x01, 0x00...0x01, _), (0x20, 0x01, 0x0D, 0xB8), (0x3F, 0xFF, 0x00...0x0F, _): return false
        case (0x20, 0x02, _, _): return false  // 6to4: the address inside could be anything.
        default: return true
        }
    }

    /// The bytes of an address that libcurl is about to connect to; none for a family that is not IP.
    ///
    /// libcurl puts an address of up to 128 bytes where its declaration has a `sockaddr` of 16, so it is read by pointer.
    static func bytes(of address: UnsafeMutablePointer<curl_sockaddr>) -> [UInt8] {
        let start = UnsafeRawPointer(address).advanced(by: addressOffset)
        switch address.pointee.family {
        case AF_INET: return Array(UnsafeRawBufferPointer(start: start + 4, count: 4))
        case AF_INET6: return Array(UnsafeRawBufferPointer(start: start + 8, count: 16))
        default: return []
        }
    }

    private static let addressOffset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 16
}

/// `CURLOPT_OPENSOCKETFUNCTION` of a transport that reaches public addresses only: called for each address that a name
/// led to, right before the connection is made, so that nothing can change between the check and the use.
func openPublicSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address, PublicAddress.contains(PublicAddress.bytes(of: address)) else { return -1 }
    return openSocket(context, purpose, address)
}
