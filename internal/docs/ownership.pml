/* Ownership of a task and acceptance of its checkpoints: two artists, one task, a producer who reassigns it,
   a network that loses and repeats messages, clients that crash before they store a reply, one backup of the
   server and its restore at any later moment. Self-contained; checked exhaustively with Spin.

     build/model          what build/test checks, and that wrong rules are caught
     build/model all      larger ones too, some minutes

   RULE        0  author == assignee
               1  author == assignee and the epoch counter matches (the counter is restored with a backup)
               2  author == assignee and base == head, a compare-and-swap on head (the rule of the product)
   DEDUP_GEN   1  a client rewinds when the server's generation changes: it offers again what the server forgot
               0  it does not
   ADOPT       1  a parked checkpoint whose base is not parked can be adopted at any moment
   MAXRE, MAXRESTORE   number of reassignments and of restores

   Properties: P1 nothing that was made is missing on the server when all queues are empty, P2 no checkpoint
   replaces work that its author had not seen, P3 the author is the assignee at acceptance, P4 each checkpoint
   is decided at most once in a lineage. */
#ifndef RULE
#define RULE 2
#endif
#ifndef DEDUP_GEN
#define DEDUP_GEN 1
#endif
#ifndef ADOPT
#define ADOPT 0
#endif
#ifndef MAXRE
#define MAXRE 3
#endif
#ifndef MAXRESTORE
#define MAXRESTORE 1
#endif
#define NC 2                            /* clients */
#define NK 2                            /* checkpoints that each of them makes */
#define ID(c,k) ((c)*NK+(k)+1)          /* checkpoint id 1..4; 0 = none */

/* server */
byte assignee=0, epoch=1, inst=1, head=0, gen=0;      /* inst: ghost number of the assignment, never reused */
byte nextinst=1;
byte lmid[NC]; byte st[5];                            /* st: 0 unknown, 1 accepted, 2 parked */
/* its backup */
byte b_assignee=0, b_epoch=1, b_inst=1, b_head=0; byte b_lmid[NC]; byte b_st[5];
/* clients: made and acknowledged so far, what they believe (v...), the generation they know */
byte made[NC], acked[NC], vassg[NC], vep[NC], vinst[NC], vhead[NC], cgen[NC];
/* checkpoints: what they carry */
byte ep[5], base[5], oinst[5];
byte nre=0, nrestore=0, nbackup=0;
chan net = [2] of { byte, byte, byte };               /* client, k, generation */
chan ack = [2] of { byte, byte, byte };               /* client, number decided, generation */

#define QUIET (empty(net) && empty(ack) && acked[0]==made[0] && acked[1]==made[1] && cgen[0]==gen && cgen[1]==gen)

inline accept_or_park(c,k) {
  id = ID(c,k);
  assert(st[id]==0);                                  /* P4 */
  ok = (c==assignee);
#if RULE==1
  ok = ok && (ep[id]==epoch);
#elif RULE==2
  ok = ok && (base[id]==head);
#endif
  if
  :: ok ->
     assert(c==assignee);                             /* P3 */
     assert(base[id]==head);                          /* P2 */
     head=id; st[id]=1
  :: else -> st[id]=2                                 /* parked, never dropped */
  fi;
  lmid[c]=k+1
}

#define ADOPTABLE(i) (st[i]==2 && st[base[i]]!=2)

proctype Server() {
  byte c,k,g,id; bool ok;
end:  do
  :: atomic { net?c,k,g ->
       if
       :: g!=gen -> if :: nfull(ack) -> ack!c,lmid[c],gen :: full(ack) -> skip fi
       :: else ->
          if
          :: k<lmid[c] -> skip                        /* repeated */
          :: k==lmid[c] -> accept_or_park(c,k)
          :: else -> skip                             /* gap: the client goes back on the reply */
          fi;
          if :: nfull(ack) -> ack!c,lmid[c],gen :: full(ack) -> skip fi    /* the reply may be lost */
       fi; c=0;k=0;g=0;id=0;ok=0 }
  :: atomic { nre<MAXRE -> nre++;                     /* the producer reassigns */
       if :: assignee=0 :: assignee=1 fi; epoch++; nextinst++; inst=nextinst }
#if ADOPT
  :: atomic { ADOPTABLE(1) -> st[1]=1; head=1 }
  :: atomic { ADOPTABLE(2) -> st[2]=1; head=2 }
  :: atomic { ADOPTABLE(3) -> st[3]=1; head=3 }
  :: atomic { ADOPTABLE(4) -> st[4]=1; head=4 }
#endif
  :: atomic { nbackup<1 && nrestore==0 -> nbackup++; b_assignee=assignee; b_epoch=epoch; b_inst=inst; b_head=head;
       b_lmid[0]=lmid[0]; b_lmid[1]=lmid[1]; b_st[1]=st[1];b_st[2]=st[2];b_st[3]=st[3];b_st[4]=st[4] }
  :: atomic { nrestore<MAXRESTORE -> nrestore++; gen++; assignee=b_assignee; epoch=b_epoch; inst=b_inst; head=b_head;
       lmid[0]=b_lmid[0]; lmid[1]=b_lmid[1]; st[1]=b_st[1];st[2]=b_st[2];st[3]=b_st[3];st[4]=b_st[4] }
  od }

proctype Client(byte me) {
  byte u,g,id;
end:  do
  :: atomic { made[me]<NK && vassg[me]==me ->         /* work offline, believing to hold the task */
       id=ID(me,made[me]); ep[id]=vep[me]; base[id]=vhead[me]; oinst[id]=vinst[me];
       vhead[me]=id; made[me]++; id=0 }
  :: atomic { acked[me]<made[me] && nfull(net) -> net!me,acked[me],cgen[me] }    /* send, and send again */
  :: atomic { ack?[eval(me),_,_] -> ack?eval(me),u,g;
       if
       :: g==cgen[me] -> if :: u>acked[me] -> acked[me]=u :: else -> skip fi
       :: g>cgen[me] ->
#if DEDUP_GEN
            cgen[me]=g; acked[me]=u                   /* rewind */
#else
            cgen[me]=g; if :: u>acked[me] -> acked[me]=u :: else -> skip fi
#endif
       :: else -> skip
       fi; u=0;g=0 }
  :: atomic { (acked[me]==made[me]) && (vassg[me]!=assignee || vep[me]!=epoch || vhead[me]!=head || cgen[me]!=gen) ->
       if                                             /* pull */
       :: cgen[me]!=gen -> cgen[me]=gen;
#if DEDUP_GEN
          acked[me]=lmid[me]
#endif
       :: else -> vassg[me]=assignee; vep[me]=epoch; vinst[me]=inst; vhead[me]=head
       fi }
  :: atomic { ack?[eval(me),_,_] -> ack?eval(me),_,_ }    /* crash before the reply is stored, or reply lost */
  od }

init {
  atomic { vep[0]=1; vep[1]=1; vinst[0]=1; vinst[1]=1; run Server(); run Client(0); run Client(1) }
end: atomic { (QUIET && made[0]+made[1]>0) ->         /* P1, at any quiet moment */
       assert(made[0]<1 || st[1]!=0); assert(made[0]<2 || st[2]!=0);
       assert(made[1]<1 || st[3]!=0); assert(made[1]<2 || st[4]!=0) }
}
