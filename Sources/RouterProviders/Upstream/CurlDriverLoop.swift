import CCurl
import RouterCore
import Synchronization

/// What one driver's thread does, over and over: wait, let libcurl work, watch the time, and hand over at the end of the
/// round what came in it, so that head, bytes and end that came together cost their reader one wake-up.
///
/// Made and used on that thread alone.
final class CurlDriverLoop {
    private let driver: CurlDriver
    private let settings: CurlTransport.Settings
    private let poll: EventPoll
    private let share: CurlShare?
    private let round = DriverRound()
    private var lanes: [CurlLane?] = []
    /// All handles by their slot, whether in use or not.
    private var transfers: [CurlTransfer?] = []
    private var freeSlots: [Int] = []
    /// Handles that wait for their next request.
    private var spare: [CurlTransfer] = []
    /// When an exchange is to be looked at, by slot.
    private var deadlines = DeadlineHeap()
    private var orders: [CurlDriver.Order] = []
    /// Readers to be resumed at the end of the round.
    private var readers: [UnsafeContinuation<Void, Never>] = []
    private var waiters: [UnsafeContinuation<Void, Never>] = []
    private var isEnding = false

    /// HTTP/2 connections carry many transfers, which must meet in one lane to share them.
    private static let sharedLane = 0
    /// So many unused handles are kept.
    private static let spareMax = 64

    init(driver: CurlDriver, poll: EventPoll, settings: CurlTransport.Settings) {
        self.driver = driver
        self.poll = poll
        self.settings = settings
        share = CurlShare()
    }

    /// Until ``CurlDriver/Order/end(_:)``.
    ///
    /// - Returns: who waits for the end.
    func run() -> [UnsafeContinuation<Void, Never>] {
        while true {
            poll.wait(milliseconds: patience()) { lane, socket, bits in
                lanes[lane]?.act(on: socket, bits: bits)
            }
            driver.roundCount.wrappingAdd(1, ordering: .relaxed)
            takeOrders()
            let now = Moment.now()
            runLanes(at: now)
            checkDeadlines(at: now)
            handOver()
            if isEnding, driver.closeInbox() { break }
        }
        // Handles before the lanes and the share they use.
        spare = []
        transfers = []
        lanes = []
        return waiters
    }

    /// How long to wait for events: until something is due, not at all when there is something to do.
    private func patience() -> Int32 {
        guard !isEnding else { return 0 }
        var due = deadlines.earliest?.due ?? .never
        for case let lane? in lanes {
            due = min(due, lane.timer, lane.end)
        }
        let milliseconds = due == .never ? -1 : due.milliseconds(since: .now())
        return milliseconds != 0 && driver.fallAsleep() ? milliseconds : 0
    }

    // MARK: Orders

    private func takeOrders() {
        driver.takeOrders(into: &orders)
        for order in orders {
            switch order {
            case .start(let channel): start(channel)
            case .resume(let channel): channel.transfer?.resume()
            case .send(let channel):
                channel.note(.taken(at: .now()))  // The vendor's turn.
                channel.transfer?.resumeSending()
            case .stop(let channel):
                if let transfer = channel.transfer { release(transfer) }
            case .end(let waiter):
                isEnding = true
                if let waiter { waiters.append(waiter) }
                for case let transfer? in transfers {
                    guard let channel = transfer.channel else { continue }
                    release(transfer)
                    channel.fail(ExchangeState.cancelled)
                }
            }
        }
        orders.removeAll(keepingCapacity: true)
    }

    private func start(_ channel: ExchangeChannel) {
        guard !isEnding else {
            channel.origin.leave()
            return channel.fail(ExchangeState.cancelled)
        }
        do throws(UpstreamFailure) {
            guard let lane = lane(for: channel.origin) else { throw CurlFailure.setUp(CURLE_OUT_OF_MEMORY) }
            let transfer = try spareTransfer()
            do throws(UpstreamFailure) {
                try transfer.start(channel, in: lane)
            } catch {
                spare.append(transfer)
                throw error
            }
            channel.transfer = transfer
            deadlines.set(transfer.slot, due: channel.firstTick)
        } catch {
            channel.origin.leave()
            channel.fail(error)
        }
    }

    private func spareTransfer() throws(UpstreamFailure) -> CurlTransfer {
        if let transfer = spare.popLast() { return transfer }
        guard let share else { throw CurlFailure.setUp(CURLE_OUT_OF_MEMORY) }
        let slot = freeSlots.last ?? transfers.count
        let transfer = try CurlTransfer(slot: slot, round: round, poll: poll, share: share, settings: settings)
        if slot == transfers.count {
            transfers.append(transfer)
        } else {
            freeSlots.removeLast()
            transfers[slot] = transfer
        }
        return transfer
    }

    /// Ends a transfer, complete or not, and keeps its handle for the next.
    private func release(_ transfer: CurlTransfer) {
        transfer.stop()
        deadlines.remove(transfer.slot)
        guard let channel = transfer.clear() else { return }
        channel.transfer = nil
        channel.request.body = []
        channel.request.upload = nil
        channel.origin.leave()
        if spare.count < Self.spareMax {
            spare.append(transfer)
        } else {
            transfers[transfer.slot] = nil
            freeSlots.append(transfer.slot)
        }
    }

    // MARK: Lanes

    /// The first lane with room.
    private func lane(for origin: CurlOrigin) -> CurlLane? {
        var index = Self.sharedLane
        if !origin.isHTTP2 {
            index = Self.sharedLane + 1
            while index < lanes.count, lanes[index]?.openCount ?? 0 >= settings.connectionsPerLane { index += 1 }
        }
        while lanes.count <= index { lanes.append(nil) }
        if lanes[index] == nil {
            lanes[index] = CurlLane(
                index: index, poll: poll,
                linger: index <= Self.sharedLane + 1 ? nil : settings.laneLinger.nanosecondsClamped,
                idleConnectionsMax: settings.idleConnectionsMax)
        }
        return lanes[index]
    }

    /// Runs libcurl's timers and hears what is complete. What a lane sets to run at once is run in this round, a few
    /// times at most, so that no lane starves the others.
    private func runLanes(at now: Moment) {
        var isLaneLeft = false
        for index in lanes.indices {
            guard let lane = lanes[index] else { continue }
            var runs = 0
            while lane.timer <= now || (runs > 0 && runs < 4 && lane.timer <= .now()) {
                lane.runTimer()
                runs += 1
            }
            lane.readMessages { easy, result in
                var context: UnsafeMutableRawPointer?
                guard ccurl_getinfo_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK, let context else { return }
                // Set by the transfer itself, which is in `transfers` as long as its handle is in a lane.
                let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                transfer.complete(result)
                transfer.stop()
            }
            if lane.end <= now {
                lanes[index] = nil
                isLaneLeft = true
            }
        }
        // What many streams needed is free but still ours: the C library gives back only what lies at the end.
        if isLaneLeft { _ = malloc_trim(0) }
    }

    // MARK: Time and readers

    private func checkDeadlines(at now: Moment) {
        while let (slot, due) = deadlines.earliest, due <= now {
            guard let transfer = transfers[slot], let channel = transfer.channel else {
                deadlines.remove(slot)
                continue
            }
            let (reader, tick) = channel.tick(at: now)
            if let reader { readers.append(reader) }
            switch tick {
            case .waits(let next, _): deadlines.set(slot, due: next)
            case .expires: release(transfer)
            }
        }
    }

    private func handOver() {
        round.finish { transfer in
            guard let channel = transfer.channel else { return }
            let arrival = transfer.takeArrival()
            let isOver = arrival.ending != nil
            let hasHead = arrival.head != nil
            let isRefused = arrival.head.map { $0.status >= 300 } ?? false
            let (reader, delivery) = channel.deliver(arrival, sharesConnection: transfer.sharesConnection)
            if let reader { readers.append(reader) }
            if isOver || delivery.flow == .stops {
                release(transfer)
            } else {
                transfer.follow(delivery)
                if hasHead {
                    transfer.dropSentBody()
                    transfer.endSending()
                }
                // libcurl sends no more then, but would wait for the upload to go on (7.88).
                if isRefused { transfer.resumeSending() }
            }
        }
        for reader in readers { reader.resume() }
        readers.removeAll(keepingCapacity: true)
    }
}
