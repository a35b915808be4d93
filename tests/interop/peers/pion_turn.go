// pion's TURN client: allocates, and has an echo peer send messages back.
//
//	pion_turn udp|tcp|tls HOST:PORT USER PASSWORD CA PEER:PORT
//
// It relays by indications until its channel is bound. Exit status 0 and a line on
// stdout when all came back.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/pion/turn/v2"
)

const (
	messages = 20
	patience = 10 * time.Second
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// What carries the client's messages.
func dial(transport, server, ca string) net.PacketConn {
	if transport == "udp" {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		check(err)
		return conn
	}
	if transport == "tcp" {
		conn, err := net.Dial("tcp", server)
		check(err)
		return turn.NewSTUNConn(conn)
	}
	pem, err := os.ReadFile(ca)
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	conn, err := tls.Dial("tcp", server, &tls.Config{RootCAs: pool})
	check(err)
	return turn.NewSTUNConn(conn)
}

func echo(relayed net.PacketConn, peer net.Addr) {
	buffer := make([]byte, 1500)
	for number := 0; number < messages; number++ {
		said := bytes.Repeat([]byte(fmt.Sprintf("message %d ", number)),
			1+number)
		_, err := relayed.WriteTo(said, peer)
		check(err)
		check(relayed.SetReadDeadline(time.Now().Add(patience)))
		length, from, err := relayed.ReadFrom(buffer)
		check(err)
		if from.String() != peer.String() ||
			!bytes.Equal(buffer[:length], said) {
			fmt.Printf("%q came back as %q\n", said, buffer[:length])
			os.Exit(1)
		}
	}
}

func main() {
	server := os.Args[2]
	conn := dial(os.Args[1], server, os.Args[5])
	client, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: server,
		TURNServerAddr: server, Username: os.Args[3], Password: os.Args[4],
		Conn: conn})
	check(err)
	check(client.Listen())
	relayed, err := client.Allocate()
	check(err)
	peer, err := net.ResolveUDPAddr("udp4", os.Args[6])
	check(err)
	echo(relayed, peer)
	check(relayed.Close())
	client.Close()
	fmt.Println(messages, "messages came back")
}
