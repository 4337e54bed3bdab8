/* Relations between keys: what each check says, and what it lets pass. */
#include "tests/unit/conf_text.h"

#define EXCHANGE "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070}\n"
#define TRUNK "trunk: {listen: 127.0.2.1:5560}\n"

static struct message_case sockets[] = {
    {"two peers with one local",
     "exchange: {address: 127.0.0.1:5062}\n" TRUNK "peers:\n"
     "- {name: a, address: 127.0.2.2, local: 127.0.1.7:5070}\n"
     "- {name: b, address: 127.0.2.3, local: 127.0.1.7:5070}\n",
     "t.yaml:5:40: 127.0.1.7:5070 is already taken on line 4: expected another address or port\n"},
    {"two peers on one address with two ports",
     "exchange: {address: 127.0.0.1:5062}\n" TRUNK "peers:\n"
     "- {name: a, address: 127.0.2.2, local: 127.0.1.7:5070}\n"
     "- {name: b, address: 127.0.2.3, local: 127.0.1.7:5071}\n",
     ""},
    {"a local that is the shared one",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2, local: 127.0.0.1:5070}\n",
     "t.yaml:4:40: 127.0.0.1:5070 is already taken on line 1: expected another address or port, or "
     "no local at all\n"},
    {"a local that is a trunk's",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2, local: 127.0.2.1:5560}\n",
     "t.yaml:4:40: 127.0.2.1:5560 is already taken on line 2: expected another address or port, or "
     "no local at all\n"},
    {"one trunk address twice",
     EXCHANGE "trunk: {listen: [127.0.2.1:5560, 127.0.2.1:5560]}\n" PEER_A,
     "t.yaml:2:34: 127.0.2.1:5560 is already taken on line 2: expected another address or port\n"},
    {"one interface twice", EXCHANGE "trunk: {listen: [tailscale0:5060, tailscale0:5060]}\n" PEER_A,
     "t.yaml:2:35: tailscale0 is already taken on line 2: expected another address or port\n"},
    {"two interfaces with one port",
     EXCHANGE "trunk: {listen: [tailscale0:5060, eth0:5060]}\n" PEER_A, ""},
    {"the exchange's address is the shared local",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5062}\n" TRUNK PEER_A,
     "t.yaml:1:21: 127.0.0.1:5062 is our own socket of line 1: expected where the exchange "
     "listens\n"},
    {"a peer's address is a trunk's",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.1:5560}\n",
     "t.yaml:4:22: 127.0.2.1:5560 is our own socket of line 2: expected where the peer listens\n"},
    {"a peer on the trunk's address with another port",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.1:5561}\n", ""},
    {"a peer at the exchange's address",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.0.1:5062}\n",
     "t.yaml:4:22: this is exchange.address: expected where the peer listens\n"},
};

static struct message_case ports[] = {
    {"our range around the exchange's",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, rtp: 10000-20000}\n" TRUNK PEER_A
     "media: {ports: 8000-29999}\n",
     "t.yaml:5:16: media.ports 8000-29999 and exchange.rtp 10000-20000 overlap: expected ranges "
     "apart\n"},
    {"our range inside the exchange's",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, rtp: 10000-20000}\n" TRUNK PEER_A
     "media: {ports: 12000-12999}\n",
     "t.yaml:5:16: media.ports 12000-12999 and exchange.rtp 10000-20000 overlap: expected ranges "
     "apart\n"},
    {"our range begins at the exchange's last port",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, rtp: 10000-20000}\n" TRUNK PEER_A
     "media: {ports: 20000-20999}\n",
     "t.yaml:5:16: media.ports 20000-20999 and exchange.rtp 10000-20000 overlap: expected ranges "
     "apart\n"},
    {"our range begins behind the exchange's",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, rtp: 10000-19999}\n" TRUNK PEER_A
     "media: {ports: 20000-20999}\n",
     ""},
    {"the default range in the exchange's",
     "exchange:\n  address: 127.0.0.1:5062\n  local: 127.0.0.1:5070\n  rtp: 30000-40000\n" TRUNK
         PEER_A,
     "t.yaml:4:8: media.ports 22000-31999 and exchange.rtp 30000-40000 overlap: expected ranges "
     "apart\n"},
    {"a wrong range is not judged by its default",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, rtp: 30000-40000}\n" TRUNK PEER_A
     "media: {ports: none}\n",
     "t.yaml:5:16: media.ports: expected FIRST-LAST, ports from 1024 to 65535, the first even and "
     "the last odd; found \"none\"\n"},
    {"a trunk socket among the media ports", EXCHANGE "trunk: {listen: eth0:22010}\n" PEER_A,
     "t.yaml:2:17: port 22010 is one of media.ports 22000-31999: expected a port outside\n"},
};

static struct message_case exchanges[] = {
    {"a loopback local and an exchange elsewhere",
     "exchange: {address: 192.0.2.1:5060}\n" TRUNK
     "peers:\n- {name: a, address: 127.0.2.2, local: 127.0.1.7:5070}\n",
     "t.yaml:4:40: the exchange at 192.0.2.1 cannot reach a loopback address: expected a local it "
     "can reach, or exchange.address on loopback\n"},
    {"a shared loopback local and an exchange elsewhere",
     "exchange: {address: 192.0.2.1:5060, local: 127.0.0.1:5070}\n" TRUNK PEER_A,
     "t.yaml:1:44: the exchange at 192.0.2.1 cannot reach a loopback address: expected a local it "
     "can reach, or exchange.address on loopback\n"},
    {"an exchange elsewhere and a local it can reach",
     "exchange: {address: 192.0.2.1:5060, local: 192.0.2.2:5070}\n" TRUNK PEER_A, ""},
    {"a local of another family",
     "exchange: {address: 127.0.0.1:5062, local: '[::1]:5070'}\n" TRUNK PEER_A,
     "t.yaml:1:44: the exchange has the address 127.0.0.1: expected a local of the same family\n"},
    {"no local anywhere", "exchange: {address: 127.0.0.1:5062}\n" TRUNK PEER_A,
     "t.yaml:4:5: local is required without exchange.local: expected ip:port, as "
     "127.0.1.7:5070\n"},
    {"a wrong shared local is still one",
     "exchange: {address: 127.0.0.1:5062, local: x}\n" TRUNK PEER_A,
     "t.yaml:1:44: exchange.local: expected ip:port of one address, as 127.0.1.7:5070; found "
     "\"x\"\n"},
    {"sources without the exchange",
     "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070, sources: [10.0.0.0/8]}\n" TRUNK
         PEER_A,
     "t.yaml:1:69: warning: exchange.address 127.0.0.1 is not among exchange.sources: what it "
     "sends is dropped\n"},
    {"two peers on the shared socket",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2}\n- {name: b, address: 127.0.2.3}\n",
     "t.yaml:1:44: warning: 2 peers share this socket (a, b): an exchange that knows trunks by IP "
     "address cannot tell them apart; a local of its own for each does\n"},
    {"one peer on the shared socket, one on its own",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2}\n"
                    "- {name: b, address: 127.0.2.3, local: 127.0.1.7:5070}\n",
     ""},
};

static struct message_case peers[] = {
    {"one name twice",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2}\n"
                    "- {name: a, address: 127.0.2.3, local: 127.0.1.7:5070}\n",
     "t.yaml:5:10: the name \"a\" is already taken on line 4: expected another\n"},
    {"one address twice",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2:5060}\n"
                    "- {name: b, address: 127.0.2.2, local: 127.0.1.7:5070}\n",
     "t.yaml:5:22: the address of peer \"a\" on line 4: expected another address or port\n"},
    {"one host name twice, in other letters",
     EXCHANGE TRUNK "peers:\n- {name: a, address: PBX.example}\n"
                    "- {name: b, address: pbx.example, local: 127.0.1.7:5070}\n",
     "t.yaml:5:22: the address of peer \"a\" on line 4: expected another address or port\n"},
    {"one address with two ports",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2:5060}\n"
                    "- {name: b, address: 127.0.2.2:5061, local: 127.0.1.7:5070}\n",
     ""},
    {"one address on two trunk sockets",
     EXCHANGE "trunk: {listen: [127.0.2.1:5560, 127.0.2.1:5561]}\npeers:\n"
              "- {name: a, address: 127.0.2.2, bind: 127.0.2.1:5560}\n"
              "- {name: b, address: 127.0.2.2, bind: 127.0.2.1:5561, local: 127.0.1.7:5070}\n",
     ""},
    {"bind is no trunk socket",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2, bind: 127.0.2.1:5561}\n",
     "t.yaml:4:39: bind 127.0.2.1:5561: expected one of trunk.listen\n"},
    {"bind may be an interface's address",
     EXCHANGE "trunk: {listen: tailscale0:5560}\n"
              "peers:\n- {name: a, address: 127.0.2.2, bind: 100.64.1.1:5560}\n",
     ""},
    {"bind of another family",
     EXCHANGE "trunk: {listen: [127.0.2.1:5560, '[::1]:5560']}\n"
              "peers:\n- {name: a, address: 127.0.2.2, bind: '[::1]:5560'}\n",
     "t.yaml:4:39: bind [::1]:5560: expected an address of the peer's family\n"},
    {"no trunk socket of the peer's family", EXCHANGE TRUNK "peers:\n- {name: a, address: '::1'}\n",
     "t.yaml:4:22: no trunk.listen is of this IPv6 address's family: expected one\n"},
    {"an interface may have the peer's family",
     EXCHANGE "trunk: {listen: tailscale0:5560}\npeers:\n- {name: a, address: '::1'}\n", ""},
    {"advertise of another family",
     EXCHANGE TRUNK "peers:\n- {name: a, address: 127.0.2.2, advertise: 'fd00::1'}\n",
     "t.yaml:4:44: advertise fd00::1: expected an address of the peer's family\n"},
    {"no peers", EXCHANGE TRUNK, "t.yaml:1:1: warning: no peers: nobody can be called\n"},
    {"one announced prefix twice, written in two ways",
     EXCHANGE TRUNK "peers:\n- name: a\n  address: 127.0.2.2\n  map:\n"
                    "    10.0.0.1: 10.0.0.2\n    10.0.0.1/32: 10.0.0.3\n    10.0.0.1: 10.0.0.4\n",
     "t.yaml:8:5: map: the same prefix as on line 7: expected each prefix once\n"
     "t.yaml:9:5: map: the same prefix as on line 7: expected each prefix once\n"},
    {"a defaults' name is everybody's",
     EXCHANGE TRUNK "peer_defaults: {name: a}\npeers:\n- {address: 127.0.2.2}\n"
                    "- {address: 127.0.2.3, local: 127.0.1.7:5070}\n",
     "t.yaml:3:23: the name \"a\" is already taken on line 3: expected another\n"},
};

static struct message_case headers[] = {
    {"headers that calls depend on are not stripped, whatever their spelling",
     EXCHANGE TRUNK
     "peers:\n- name: a\n  address: 127.0.2.2\n  strip_headers:\n"
     "  - VIA\n  - m\n  - Require\n  - rseq\n  - RAck\n  - Authorization\n  - User-Agent\n",
     "t.yaml:7:5: strip_headers: \"VIA\" cannot be stripped: calls depend on it; expected other "
     "headers\n"
     "t.yaml:8:5: strip_headers: \"m\" cannot be stripped: calls depend on it; expected other "
     "headers\n"
     "t.yaml:9:5: strip_headers: \"Require\" cannot be stripped: calls depend on it; expected "
     "other "
     "headers\n"
     "t.yaml:10:5: strip_headers: \"rseq\" cannot be stripped: calls depend on it; expected other "
     "headers\n"
     "t.yaml:11:5: strip_headers: \"RAck\" cannot be stripped: calls depend on it; expected other "
     "headers\n"
     "t.yaml:12:5: strip_headers: \"Authorization\" cannot be stripped: calls depend on it; "
     "expected other headers\n"},
};

int main(void)
{
    int failed = CASES_RUN(sockets, messages_are);
    failed += CASES_RUN(ports, messages_are);
    failed += CASES_RUN(exchanges, messages_are);
    failed += CASES_RUN(peers, messages_are);
    failed += CASES_RUN(headers, messages_are);
    return failed;
}
