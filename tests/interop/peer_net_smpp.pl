#!/usr/bin/perl
# Net::SMPP as a client or a server of the interop script: perl peer_net_smpp.pl client|server SCRIPT. See exchange.py for both.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

# It ends by then, whatever becomes of its test.
alarm 60;

my %script = (message => [], inbound => []);
open(my $file, '<', $ARGV[1]) or die "$ARGV[1]: $!";
while (my $line = <$file>) {
    chomp $line;
    my ($name, @rest) = split /\t/, $line, -1;
    if ($name eq 'message' || $name eq 'inbound') { push @{$script{$name}}, \@rest }
    else { $script{$name} = $rest[0] }
}
close $file;

# Its own table has the TLVs of the standard only.
$Net::SMPP::param_by_name{campaign_id} = 0x1456;
my %tlvs = (0x1456 => 'campaign_id', 0x0204 => 'user_message_reference');
my @addresses = (source_addr_ton => 5, source_addr_npi => 0, dest_addr_ton => 1, dest_addr_npi => 1);

my $json = JSON::PP->new->canonical;
sub report {
    my ($event, %values) = @_;
    syswrite STDOUT, $json->encode({event => $event, %values}) . "\n";
}

sub content {
    my ($pdu) = @_;
    my %told = map { $_ => $pdu->{$_} + 0 } qw(esm_class data_coding);
    $told{receipted} = unpack 'Z*', $pdu->{receipted_message_id} if defined $pdu->{receipted_message_id};
    $told{campaign} = unpack 'H*', $pdu->{0x1456} if defined $pdu->{0x1456};
    $told{reference} = unpack 'n', $pdu->{user_message_reference} if defined $pdu->{user_message_reference};
    return (source => $pdu->{source_addr}, destination => $pdu->{destination_addr}, octets => unpack('H*', $pdu->{short_message}), %told);
}

# --- client

# Reads one PDU. Answers a request; a response is returned.
sub turn {
    my ($smpp, $seen) = @_;
    my $pdu = $smpp->read_pdu() or die "the connection is gone\n";
    my $command = $pdu->explain_cmd;
    if ($command eq 'deliver_sm') {
        $seen->{delivered}++;
        report('delivered', content($pdu));
        $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    } elsif ($command eq 'enquire_link') {
        report('enquired');
        $smpp->enquire_link_resp(seq => $pdu->{seq});
    } elsif ($command eq 'unbind') {
        $seen->{unbound} = 1;
        report('unbound');
        $smpp->unbind_resp(seq => $pdu->{seq});
    } else {
        $seen->{responses}{$pdu->{seq}} = $pdu;
    }
}

sub response {
    my ($smpp, $seen, $seq) = @_;
    turn($smpp, $seen) until $seen->{responses}{$seq};
    return delete $seen->{responses}{$seq};
}

sub connected {
    my ($kind, $password) = @_;
    my $smpp = Net::SMPP->new_connect($script{host}, port => $script{port}, timeout => 10, async => 1) or die "no connection: $!\n";
    my $command = "bind_$kind";
    my $seen = {delivered => 0, unbound => 0, responses => {}};
    my $seq = $smpp->$command(system_id => $script{system_id}, password => $password, interface_version => 0x34);
    my $pdu = response($smpp, $seen, $seq);
    report($pdu->{status} ? 'refused' : 'bound', kind => $kind, status => $pdu->{status});
    return ($smpp, $seen);
}

sub submit {
    my ($smpp, $row) = @_;
    my ($key, $source, $destination, $esm, $coding, $octets, $tag, $value) = @$row;
    my @tlv = $tag ? ($tlvs{$tag} => pack 'H*', $value) : ();
    return $smpp->submit_sm(
        @addresses, source_addr => $source, destination_addr => $destination, esm_class => $esm, data_coding => $coding,
        registered_delivery => 1, short_message => pack('H*', $octets), @tlv);
}

sub submitted {
    my ($smpp, $seen, $key, $seq) = @_;
    my $pdu = response($smpp, $seen, $seq);
    report('submitted', key => $key, status => $pdu->{status}, message_id => $pdu->{message_id});
    return $pdu->{message_id};
}

sub client {
    my ($smpp, $seen) = connected('transceiver', $script{wrong});
    close $smpp;
    for my $kind (qw(transmitter receiver)) {
        ($smpp, $seen) = connected($kind, $script{password});
        if ($kind eq 'receiver') { turn($smpp, $seen) while $seen->{delivered} < @{$script{inbound}} }
        response($smpp, $seen, $smpp->enquire_link());
        report('alive');
        response($smpp, $seen, $smpp->unbind());
        close $smpp;
        report('closed', by => 'peer');
    }
    ($smpp, $seen) = connected('transceiver', $script{password});
    my (@flying, @ids);
    for my $row (@{$script{message}}) {
        push @ids, submitted($smpp, $seen, @{shift @flying}) if @flying == $script{window};
        push @flying, [$row->[0], submit($smpp, $row)];
    }
    push @ids, submitted($smpp, $seen, @$_) for @flying;
    turn($smpp, $seen) while $seen->{delivered} < $script{expect};
    response($smpp, $seen, $smpp->enquire_link());
    report('alive');
    my $first = $script{message}[0];
    my @whom = (source_addr => $first->[1], source_addr_ton => 5, source_addr_npi => 0);
    my $pdu = response($smpp, $seen, $smpp->query_sm(message_id => $ids[0], @whom));
    report('queried', status => $pdu->{status}, message_id => $pdu->{message_id}, state => $pdu->{message_state});
    my @where = (destination_addr => $first->[2], dest_addr_ton => 1, dest_addr_npi => 1);
    $pdu = response($smpp, $seen, $smpp->cancel_sm(message_id => $ids[0], @whom, @where));
    report('cancelled', status => $pdu->{status});
    $pdu = response($smpp, $seen, $smpp->data_sm(@whom, @where, data_coding => 4, message_payload => 'data_sm'));
    report('data', status => $pdu->{status}, message_id => $pdu->{message_id});
    my $unknown = pack 'H*', $script{unknown};
    $smpp->syswrite($unknown);
    my $seq = unpack 'x12N', $unknown;
    report('nacked', status => response($smpp, $seen, $seq)->{status}, sequence => $seq);
    submitted($smpp, $seen, 'hangup', submit($smpp, ['hangup', $first->[1], $script{hangup}, 0, 0, '', 0, '']));
    turn($smpp, $seen) until $seen->{unbound};
    report('closed', by => 'server') unless sysread $smpp, my $rest, 1;
}

# --- server

sub serve {
    my ($smpp) = @_;
    my ($number, $submits, $leaving) = (0, 0, 0);
    my $deliver = sub { $smpp->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1, dest_addr_ton => 0, dest_addr_npi => 0, @_) };
    while (my $pdu = $smpp->read_pdu()) {
        my $command = $pdu->explain_cmd;
        my @answer = (seq => $pdu->{seq});
        if ($command =~ /^bind_(\w+)$/ && $1 !~ /_resp/) {
            my ($kind, $reply) = ($1, "${command}_resp");
            if ($pdu->{system_id} ne $script{system_id} || $pdu->{password} ne $script{password}) {
                report('refused', kind => $kind);
                $smpp->$reply(@answer, status => 0x0e, system_id => '');
                next;
            }
            report('bound', kind => $kind);
            $smpp->$reply(@answer, system_id => 'perl');
            next if $kind eq 'transmitter';
            for my $row (@{$script{inbound}}) {
                my ($source, $destination, $esm, $coding, $octets) = @$row;
                my @what = (esm_class => $esm, data_coding => $coding, short_message => pack 'H*', $octets);
                $deliver->(source_addr => $source, destination_addr => $destination, @what);
            }
        } elsif ($command eq 'submit_sm') {
            if ($script{throttle} && ++$submits % $script{throttle} == 0) {
                $smpp->submit_sm_resp(@answer, status => 0x58, message_id => '');
                report('throttled');
                next;
            }
            my $id = ++$number;
            $smpp->submit_sm_resp(@answer, message_id => $id);
            report('submit', content($pdu), message_id => "$id");
            if ($pdu->{destination_addr} eq $script{hangup}) {
                $smpp->enquire_link(async => 1);
                $leaving = 1;
            } elsif ($pdu->{registered_delivery} & 1) {
                my $text = "id:$id sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:";
                my @told = (esm_class => 4, short_message => $text, receipted_message_id => "$id\0", message_state => "\2");
                $deliver->(source_addr => $pdu->{destination_addr}, destination_addr => $pdu->{source_addr}, @told);
            }
        } elsif ($command eq 'deliver_sm_resp') {
            report('acknowledged', status => $pdu->{status});
        } elsif ($command eq 'enquire_link') {
            $smpp->enquire_link_resp(@answer);
            report('enquired');
        } elsif ($command eq 'enquire_link_resp') {
            report('alive');
            $smpp->unbind(async => 1) if $leaving;
        } elsif ($command eq 'unbind') {
            $smpp->unbind_resp(@answer);
            report('unbound');
            last;
        } elsif ($command eq 'unbind_resp') {
            report('unbound', by => 'us');
            last;
        } elsif ($command eq 'query_sm') {
            $smpp->query_sm_resp(@answer, message_id => $pdu->{message_id}, final_date => '', message_state => 2, error_code => 0);
        } elsif ($command eq 'cancel_sm') {
            $smpp->cancel_sm_resp(@answer);
        } elsif ($command eq 'data_sm') {
            $smpp->data_sm_resp(@answer, message_id => ++$number);
        } elsif (!$pdu->{known_pdu}) {
            $smpp->generic_nack(@answer, status => 3);
        }
    }
    close $smpp;
    report('closed');
}

if ($ARGV[0] eq 'client') {
    client();
} else {
    my $listener = Net::SMPP->new_listen('127.0.0.1', port => 0) or die "no port: $!\n";
    report('listening', port => $listener->sockport + 0);
    $SIG{CHLD} = 'IGNORE';
    while (1) {
        my $smpp = $listener->accept() or next;
        next if fork;
        serve($smpp);
        exit 0;
    }
}
